package obs

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// shardLimit is how many shards the enhanced metrics tell apart.
const shardLimit = 10 * limit

// shards counts per shard, for the streams whose enhanced monitoring asks for it.
type shards struct {
	series *bounded[shardName, *shardSeries]
	vecs   map[string]*prometheus.CounterVec
	age    *prometheus.GaugeVec
}

type shardName struct {
	streamName
	shard string
}

func (n shardName) labels() []string { return append(n.streamName.labels(), n.shard) }

// shardSeries are the metrics of one shard by AWS's names, made when first asked
// for.
type shardSeries struct {
	counters map[string]prometheus.Counter
	age      prometheus.Gauge
}

// The metrics of enhanced monitoring, by AWS's names (reference kinesis-streams §3).
const (
	incomingBytes    = "IncomingBytes"
	incomingRecords  = "IncomingRecords"
	outgoingBytes    = "OutgoingBytes"
	outgoingRecords  = "OutgoingRecords"
	writesThrottled  = "WriteProvisionedThroughputExceeded"
	readsThrottled   = "ReadProvisionedThroughputExceeded"
	iteratorAgeMilli = "IteratorAgeMilliseconds"
)

var shardCounters = map[string]string{
	incomingBytes:   "incoming_bytes",
	incomingRecords: "incoming_records",
	outgoingBytes:   "outgoing_bytes",
	outgoingRecords: "outgoing_records",
	writesThrottled: "write_provisioned_throughput_exceeded",
	readsThrottled:  "read_provisioned_throughput_exceeded",
}

func newShards(r *prometheus.Registry) *shards {
	s := &shards{vecs: make(map[string]*prometheus.CounterVec)}
	names := []string{"account", "region", "stream", "shard"}
	for metric, name := range shardCounters {
		s.vecs[metric] = prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "millrace_kinesis_shard_" + name + "_total",
			Help: metric + " of shards with enhanced monitoring.",
		}, names)
		r.MustRegister(s.vecs[metric])
	}
	s.age = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "millrace_kinesis_shard_iterator_age_milliseconds",
		Help: iteratorAgeMilli + " of shards with enhanced monitoring, at the last read.",
	}, names)
	r.MustRegister(s.age)
	s.series = newBounded(shardLimit, shardName{streamName{other, other, other}, other}, s.create)
	return s
}

func (s *shards) create(n shardName) *shardSeries {
	series := &shardSeries{counters: make(map[string]prometheus.Counter), age: s.age.WithLabelValues(n.labels()...)}
	for metric, v := range s.vecs {
		series.counters[metric] = v.WithLabelValues(n.labels()...)
	}
	return series
}

// add counts what enhanced asks for.
func (s *shards) add(n streamName, shard string, enhanced []string, metric string, v int) {
	if v > 0 && slices.Contains(enhanced, metric) {
		s.series.get(shardName{n, shard}).counters[metric].Add(float64(v))
	}
}

func (s *shards) setAge(n streamName, shard string, enhanced []string, age time.Duration) {
	if slices.Contains(enhanced, iteratorAgeMilli) {
		s.series.get(shardName{n, shard}).age.Set(float64(age.Milliseconds()))
	}
}

// forget removes the series of a stream's shards.
func (s *shards) forget(stream streamName) {
	for n := range s.series.all() {
		if n.streamName != stream {
			continue
		}
		s.series.remove(n)
		for _, v := range s.vecs {
			v.DeleteLabelValues(n.labels()...)
		}
		s.age.DeleteLabelValues(n.labels()...)
	}
}
