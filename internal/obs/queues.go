package obs

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Queues counts messages per queue, under names that follow those of SQS in
// CloudWatch. Its methods are what the SQS service calls Metrics.
type Queues struct {
	series *bounded[queueName, *queueSeries]
	vecs   []*prometheus.CounterVec
	depth  *prometheus.Desc
	age    *prometheus.Desc
	noisy  *prometheus.Desc
	depths atomic.Pointer[func(yield func(Depth))]
}

type queueName struct{ account, region, queue string }

func (n queueName) labels() []string { return []string{n.account, n.region, n.queue} }

// queueSeries are the counters of one queue, in the order of queueCounters.
type queueSeries struct{ sent, bytes, repeats, received, empty, deleted prometheus.Counter }

var queueCounters = []struct{ name, help string }{
	{"messages_sent", "Messages stored."},
	{"sent_bytes", "Bytes of the messages stored: bodies and attributes."},
	{"messages_deduplicated", "Messages that a FIFO queue had already."},
	{"messages_received", "Messages handed out."},
	{"empty_receives", "Receives that got nothing."},
	{"messages_deleted", "Messages deleted."},
}

// Depth is what a queue holds now.
type Depth struct {
	Account, Region, Queue     string
	Visible, InFlight, Delayed int64
	Oldest                     time.Duration // age of the oldest message; 0 where there is none
	Noisy                      int64         // groups that are noisy, of a standard queue
}

func newQueues(r *prometheus.Registry) *Queues {
	labels := []string{"account", "region", "queue"}
	q := &Queues{
		depth: prometheus.NewDesc("millrace_sqs_messages", "Messages in the queue: those that can be received, that are in flight, that are delayed.",
			append(labels, "state"), nil),
		noisy: prometheus.NewDesc("millrace_sqs_noisy_groups", "Groups of a standard queue that wait for the others.", labels, nil),
		age:   prometheus.NewDesc("millrace_sqs_oldest_message_age_seconds", "Age of the queue's oldest message.", labels, nil),
	}
	for _, m := range queueCounters {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "millrace_sqs_" + m.name + "_total", Help: m.help}, labels)
		r.MustRegister(v)
		q.vecs = append(q.vecs, v)
	}
	q.series = newBounded(limit, queueName{other, other, other}, func(n queueName) *queueSeries {
		c := func(i int) prometheus.Counter { return q.vecs[i].WithLabelValues(n.labels()...) }
		return &queueSeries{c(0), c(1), c(2), c(3), c(4), c(5)}
	})
	r.MustRegister(q)
	return q
}

// Sent counts messages that were stored, and those that a FIFO queue had already.
func (q *Queues) Sent(account, region, queue string, messages, bytes, repeats int) {
	s := q.series.get(queueName{account, region, queue})
	s.sent.Add(float64(messages))
	s.bytes.Add(float64(bytes))
	s.repeats.Add(float64(repeats))
}

// Received counts the messages that one receive got.
func (q *Queues) Received(account, region, queue string, messages int) {
	s := q.series.get(queueName{account, region, queue})
	s.received.Add(float64(messages))
	if messages == 0 {
		s.empty.Inc()
	}
}

// Deleted counts messages that their receivers deleted.
func (q *Queues) Deleted(account, region, queue string, messages int) {
	q.series.get(queueName{account, region, queue}).deleted.Add(float64(messages))
}

// Forget removes the series of a queue that is gone.
func (q *Queues) Forget(account, region, queue string) {
	n := queueName{account, region, queue}
	q.series.remove(n)
	for _, v := range q.vecs {
		v.DeleteLabelValues(n.labels()...)
	}
}

// Watch makes depths, which yields the queues that are known, be asked whenever
// the metrics are.
func (q *Queues) Watch(depths func(yield func(Depth))) { q.depths.Store(&depths) }

// Describe is of prometheus.Collector.
func (q *Queues) Describe(out chan<- *prometheus.Desc) {
	out <- q.depth
	out <- q.age
	out <- q.noisy
}

// Collect is of prometheus.Collector: the depths, of as many queues as have
// counters of their own.
func (q *Queues) Collect(out chan<- prometheus.Metric) {
	depths := q.depths.Load()
	if depths == nil {
		return
	}
	n := 0
	(*depths)(func(d Depth) {
		if n++; n > limit {
			return
		}
		gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, append([]string{d.Account, d.Region, d.Queue}, labels...)...)
		}
		gauge(q.depth, float64(d.Visible), "visible")
		gauge(q.depth, float64(d.InFlight), "in_flight")
		gauge(q.depth, float64(d.Delayed), "delayed")
		gauge(q.age, d.Oldest.Seconds())
		gauge(q.noisy, float64(d.Noisy))
	})
}
