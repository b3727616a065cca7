package obs

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/internal/base/clock"
)

// Streams counts records per stream. Its methods are what the Kinesis service
// calls Metrics.
type Streams struct {
	clock  clock.Clock
	series *bounded[streamName, *streamSeries]
	vecs   []*prometheus.CounterVec
	age    *prometheus.Desc
	shards *shards
	queues *streamQueues
}

type streamName struct{ account, region, stream string }

func (n streamName) labels() []string { return []string{n.account, n.region, n.stream} }

// streamSeries are the counters of one stream, in the order of counters.
type streamSeries struct {
	in, inBytes, inThrottled    prometheus.Counter
	out, outBytes, outThrottled prometheus.Counter
	pushed, pushedBytes         prometheus.Counter
	polled, subscribed          ages
}

var counters = []struct{ name, help string }{
	{"records_in", "Records stored."},
	{"bytes_in", "Bytes of the records stored."},
	{"records_in_throttled", "Records refused by a shard's limit."},
	{"records_out", "Records read by GetRecords."},
	{"bytes_out", "Bytes of the records read by GetRecords."},
	{"reads_throttled", "GetRecords refused by a shard's limit."},
	{"records_pushed", "Records pushed to subscriptions."},
	{"bytes_pushed", "Bytes of the records pushed to subscriptions."},
}

func newStreams(r *prometheus.Registry, c clock.Clock) *Streams {
	s := &Streams{clock: c, shards: newShards(r), queues: newStreamQueues(r), age: prometheus.NewDesc("millrace_kinesis_iterator_age_seconds",
		"How old the next record is that a reader would get: the oldest over the shards read in the last 5 minutes.",
		[]string{"account", "region", "stream", "reader"}, nil)}
	for _, m := range counters {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_kinesis_" + m.name + "_total", Help: m.help,
		}, []string{"account", "region", "stream"})
		r.MustRegister(v)
		s.vecs = append(s.vecs, v)
	}
	s.series = newBounded(limit, streamName{other, other, other}, s.create)
	r.MustRegister(s)
	return s
}

func (s *Streams) create(n streamName) *streamSeries {
	c := func(i int) prometheus.Counter { return s.vecs[i].WithLabelValues(n.labels()...) }
	return &streamSeries{
		in: c(0), inBytes: c(1), inThrottled: c(2),
		out: c(3), outBytes: c(4), outThrottled: c(5),
		pushed: c(6), pushedBytes: c(7),
	}
}

// Put counts records that were stored, and those that a shard's limit refused.
// enhanced names what is counted for the shard by itself.
func (s *Streams) Put(account, region, stream, shard string, enhanced []string, records, bytes, throttled int) {
	n := streamName{account, region, stream}
	if len(enhanced) > 0 {
		s.shards.add(n, shard, enhanced, incomingRecords, records)
		s.shards.add(n, shard, enhanced, incomingBytes, bytes)
		s.shards.add(n, shard, enhanced, writesThrottled, throttled)
	}
	m := s.series.get(n)
	m.in.Add(float64(records))
	m.inBytes.Add(float64(bytes))
	m.inThrottled.Add(float64(throttled))
}

// Get counts records that GetRecords read, and how old the next one was.
func (s *Streams) Get(account, region, stream, shard string, enhanced []string, records, bytes int, age time.Duration, throttled bool) {
	n := streamName{account, region, stream}
	m := s.series.get(n)
	if throttled {
		s.shards.add(n, shard, enhanced, readsThrottled, 1)
		m.outThrottled.Inc()
		return
	}
	s.read(n, shard, enhanced, records, bytes, age)
	m.out.Add(float64(records))
	m.outBytes.Add(float64(bytes))
	m.polled.set(reader{shard: shard}, age, s.clock.Now())
}

// Subscribed counts records that were pushed to a consumer, and how far it is
// behind.
func (s *Streams) Subscribed(account, region, stream, consumer, shard string, enhanced []string, records, bytes int, behind time.Duration) {
	n := streamName{account, region, stream}
	s.read(n, shard, enhanced, records, bytes, behind)
	m := s.series.get(n)
	m.pushed.Add(float64(records))
	m.pushedBytes.Add(float64(bytes))
	m.subscribed.set(reader{shard, consumer}, behind, s.clock.Now())
}

// read counts for the shard by itself.
func (s *Streams) read(n streamName, shard string, enhanced []string, records, bytes int, age time.Duration) {
	if len(enhanced) > 0 {
		s.shards.add(n, shard, enhanced, outgoingRecords, records)
		s.shards.add(n, shard, enhanced, outgoingBytes, bytes)
		s.shards.setAge(n, shard, enhanced, age)
	}
}

// Forget removes the series of a stream that is gone.
func (s *Streams) Forget(account, region, stream string) {
	n := streamName{account, region, stream}
	s.series.remove(n)
	s.shards.forget(n)
	for _, v := range s.vecs {
		v.DeleteLabelValues(n.labels()...)
	}
}

// Describe is of prometheus.Collector.
func (s *Streams) Describe(out chan<- *prometheus.Desc) { out <- s.age }

// Collect is of prometheus.Collector: the ages, which are known only when asked.
func (s *Streams) Collect(out chan<- prometheus.Metric) {
	now := s.clock.Now()
	for n, m := range s.series.all() {
		for kind, a := range map[string]*ages{"get": &m.polled, "subscribe": &m.subscribed} {
			if age, ok := a.oldest(now); ok {
				out <- prometheus.MustNewConstMetric(s.age, prometheus.GaugeValue, age.Seconds(), n.account, n.region, n.stream, kind)
			}
		}
	}
}

// ageWindow is how long the last read of a shard counts; an iterator lives as long.
const ageWindow = 5 * time.Minute

// ages are the last known ages of a stream's readers.
type ages struct {
	mu   sync.Mutex
	last map[reader]observedAge
}

type reader struct{ shard, consumer string }

type observedAge struct {
	age time.Duration
	at  time.Time
}

func (a *ages) set(r reader, age time.Duration, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = map[reader]observedAge{}
	}
	if _, known := a.last[r]; known || len(a.last) < 20*limit {
		a.last[r] = observedAge{age, now}
	}
}

// oldest returns the greatest age of the window, and forgets what is outside it.
func (a *ages) oldest(now time.Time) (age time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for r, o := range a.last {
		if now.Sub(o.at) > ageWindow {
			delete(a.last, r)
			continue
		}
		age, ok = max(age, o.age), true
	}
	return age, ok
}
