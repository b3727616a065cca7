package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Store measures the storage engine.
type Store struct {
	registry *prometheus.Registry
	synced   prometheus.Histogram
	changes  prometheus.Histogram
	wrote    prometheus.Counter
	damaged  prometheus.Counter
}

func newStore(r *prometheus.Registry) *Store {
	s := &Store{
		registry: r,
		synced: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_sync_duration_seconds", Help: "Time until a group of changes was durable.", Buckets: latencies,
		}),
		changes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "millrace_store_sync_changes", Help: "Changes that shared one sync.", Buckets: prometheus.ExponentialBuckets(1, 2, 12),
		}),
		wrote: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "millrace_store_written_bytes_total", Help: "Bytes given to the write-ahead log.",
		}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "millrace_store_damaged_total", Help: "Damaged places that were met; the log names them.",
		}),
	}
	r.MustRegister(s.synced, s.changes, s.wrote, s.damaged)
	return s
}

// Synced tells that a group of changes became durable.
func (s *Store) Synced(took time.Duration, changes int) {
	s.synced.Observe(took.Seconds())
	s.changes.Observe(float64(changes))
}

// Wrote tells of bytes given to the write-ahead log.
func (s *Store) Wrote(bytes int) { s.wrote.Add(float64(bytes)) }

// Damaged tells of a damaged place that was met for the first time.
func (s *Store) Damaged() { s.damaged.Inc() }

// Gauge adds a value that f tells whenever metrics are read. It is called at
// start, once a name; f is safe for concurrent use.
func (s *Store) Gauge(name, help string, f func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "millrace_store_" + name, Help: help}, f))
}
