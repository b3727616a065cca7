package obs

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/millrace/millrace/internal/base/clock"
)

// Build says what is running.
type Build struct{ Version, Revision, GoVersion string }

// Metrics is all that a server measures. Its parts are handed to those who
// report to them.
type Metrics struct {
	Requests *Requests // for the edge
	Streams  *Streams  // for Kinesis
	Queues   *Queues   // for SQS
	Store    *Store    // for the storage engine

	registry *prometheus.Registry
}

// New returns metrics that start from zero.
func New(b Build, c clock.Clock) *Metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "millrace_build_info", Help: "What is running; the value is 1.",
	}, []string{"version", "revision", "goversion"})
	info.WithLabelValues(b.Version, b.Revision, b.GoVersion).Set(1)
	r.MustRegister(info)
	return &Metrics{
		Requests: newRequests(r), Streams: newStreams(r, c), Queues: newQueues(r), Store: newStore(r),
		registry: r,
	}
}

// Handler serves the metrics in Prometheus's form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// latencies are the bounds of histograms of time, from a sync of a fast disk to
// the longest that a request may take, in seconds.
var latencies = []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}

// Requests counts API calls.
type Requests struct {
	calls *bounded[call, prometheus.Counter]
	took  *bounded[operation, prometheus.Observer]
}

type (
	operation struct{ service, name string }
	call      struct {
		operation
		code string
	}
)

func newRequests(r *prometheus.Registry) *Requests {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millrace_requests_total", Help: "API calls by outcome; code is OK or the error's.",
	}, []string{"service", "operation", "code"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "millrace_request_duration_seconds", Help: "Time from a request's head to the end of its answer.", Buckets: latencies,
	}, []string{"service", "operation"})
	q := &Requests{}
	r.MustRegister(calls, took)
	folded := operation{other, other}
	q.calls = newBounded(5*limit, call{folded, other}, func(c call) prometheus.Counter {
		return calls.WithLabelValues(c.service, c.name, c.code)
	})
	q.took = newBounded(limit, folded, func(o operation) prometheus.Observer {
		return took.WithLabelValues(o.service, o.name)
	})
	return q
}

// Observe tells how a call ended. Service and operation are "" where they were
// not recognised; code is "" for a success.
func (q *Requests) Observe(service, name, code string, took time.Duration) {
	if service == "" {
		service = "unknown"
	}
	if name == "" {
		name = "unknown"
	}
	if code == "" {
		code = "OK"
	}
	o := operation{service, name}
	q.calls.get(call{o, code}).Inc()
	q.took.get(o).Observe(took.Seconds())
}
