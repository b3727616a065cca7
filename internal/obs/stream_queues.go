package obs

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// streamQueues counts records per queue on a stream, under names that follow
// those of Kinesis in CloudWatch.
type streamQueues struct {
	series *bounded[queueName, *streamQueueSeries]
	vecs   []*prometheus.CounterVec
	depth  *prometheus.Desc
	depths atomic.Pointer[func(yield func(StreamQueueDepth))]
}

// streamQueueSeries are the counters of one queue, in the order of
// streamQueueCounters.
type streamQueueSeries struct{ received, empty, acknowledged prometheus.Counter }

var streamQueueCounters = []struct{ name, help string }{
	{"received_records", "Records handed out by a queue, dead letters too."},
	{"empty_receives", "Receives from a queue that got nothing."},
	{"acknowledged_records", "Records of a queue acknowledged, dead letters too."},
}

// StreamQueueDepth is what a queue on a stream holds now.
type StreamQueueDepth struct {
	Account, Region, Queue  string
	Visible, InFlight, Dead int64
}

func newStreamQueues(r *prometheus.Registry) *streamQueues {
	labels := []string{"account", "region", "queue"}
	q := &streamQueues{depth: prometheus.NewDesc("millrace_kinesis_queue_records",
		"Records of a queue: those that can be received, that are in flight, that are dead letters and can be received.", append(labels, "state"), nil)}
	for _, m := range streamQueueCounters {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "millrace_kinesis_queue_" + m.name + "_total", Help: m.help}, labels)
		r.MustRegister(v)
		q.vecs = append(q.vecs, v)
	}
	q.series = newBounded(limit, queueName{other, other, other}, func(n queueName) *streamQueueSeries {
		c := func(i int) prometheus.Counter { return q.vecs[i].WithLabelValues(n.labels()...) }
		return &streamQueueSeries{c(0), c(1), c(2)}
	})
	r.MustRegister(q)
	return q
}

// QueueReceived counts the records that one receive from a queue got.
func (s *Streams) QueueReceived(account, region, queue string, records int) {
	m := s.queues.series.get(queueName{account, region, queue})
	m.received.Add(float64(records))
	if records == 0 {
		m.empty.Inc()
	}
}

// QueueAcknowledged counts records of a queue that their receivers acknowledged.
func (s *Streams) QueueAcknowledged(account, region, queue string, records int) {
	s.queues.series.get(queueName{account, region, queue}).acknowledged.Add(float64(records))
}

// ForgetQueue removes the series of a queue that is gone.
func (s *Streams) ForgetQueue(account, region, queue string) {
	n := queueName{account, region, queue}
	s.queues.series.remove(n)
	for _, v := range s.queues.vecs {
		v.DeleteLabelValues(n.labels()...)
	}
}

// WatchQueues makes depths, which yields the queues that are known, be asked
// whenever the metrics are.
func (s *Streams) WatchQueues(depths func(yield func(StreamQueueDepth))) {
	s.queues.depths.Store(&depths)
}

// Describe is of prometheus.Collector.
func (q *streamQueues) Describe(out chan<- *prometheus.Desc) { out <- q.depth }

// Collect is of prometheus.Collector: the depths, of as many queues as have
// counters of their own.
func (q *streamQueues) Collect(out chan<- prometheus.Metric) {
	depths := q.depths.Load()
	if depths == nil {
		return
	}
	n := 0
	(*depths)(func(d StreamQueueDepth) {
		if n++; n > limit {
			return
		}
		for state, v := range map[string]int64{"visible": d.Visible, "in_flight": d.InFlight, "dead": d.Dead} {
			out <- prometheus.MustNewConstMetric(q.depth, prometheus.GaugeValue, float64(v), d.Account, d.Region, d.Queue, state)
		}
	})
}
