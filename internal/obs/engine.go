package obs

import "github.com/prometheus/client_golang/prometheus"

// Engine is what a storage engine tells of its work when metrics are read.
// Counts are since its start.
type Engine struct {
	CacheHits, CacheMisses                             int64
	MemtableBytes                                      uint64
	L0Files, L0Sublevels                               int64
	DebtBytes                                          uint64
	Compactions, CompactionsFailed, CompactionsRunning int64
	LogBytes, FlushedBytes, CompactedBytes             uint64
	WriteAmplification                                 float64
}

// engineMetrics are the values of an Engine as metrics.
var engineMetrics = []struct {
	name, help string
	kind       prometheus.ValueType
	value      func(*Engine) float64
}{
	{"cache_hits_total", "Blocks of tables that were found in memory.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.CacheHits) }},
	{"cache_misses_total", "Blocks of tables that were read from the disk.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.CacheMisses) }},
	{"memtable_bytes", "Bytes in memory that are not in tables yet.", prometheus.GaugeValue, func(e *Engine) float64 { return float64(e.MemtableBytes) }},
	{"l0_files", "Tables that overlap one another.", prometheus.GaugeValue, func(e *Engine) float64 { return float64(e.L0Files) }},
	{"l0_sublevels", "How many overlapping tables a read may look at; it grows when compactions fall behind.", prometheus.GaugeValue, func(e *Engine) float64 { return float64(e.L0Sublevels) }},
	{"compaction_debt_bytes", "Estimate of what compactions have yet to rewrite.", prometheus.GaugeValue, func(e *Engine) float64 { return float64(e.DebtBytes) }},
	{"compactions_total", "Compactions that ended.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.Compactions) }},
	{"compactions_failed_total", "Compactions that failed; the log says why.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.CompactionsFailed) }},
	{"compactions_running", "Compactions under way.", prometheus.GaugeValue, func(e *Engine) float64 { return float64(e.CompactionsRunning) }},
	{"log_bytes_total", "Bytes that went into the write-ahead log's file.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.LogBytes) }},
	{"flushed_bytes_total", "Bytes written to tables from memory.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.FlushedBytes) }},
	{"compacted_bytes_total", "Bytes written to tables by compactions.", prometheus.CounterValue, func(e *Engine) float64 { return float64(e.CompactedBytes) }},
	{"write_amplification", "Bytes written to the disk for each byte of the write-ahead log, since the start.", prometheus.GaugeValue, func(e *Engine) float64 { return e.WriteAmplification }},
}

// Engine adds what a storage engine tells of its work. It is called at start,
// once; read is called once each time metrics are read, and is safe for concurrent
// use.
func (s *Store) Engine(read func() Engine) {
	c := engineCollector{read: read}
	for _, m := range engineMetrics {
		c.descriptions = append(c.descriptions, prometheus.NewDesc("millrace_store_"+m.name, m.help, nil, nil))
	}
	s.registry.MustRegister(c)
}

// engineCollector reads the engine once for all its metrics: reading takes a lock.
type engineCollector struct {
	read         func() Engine
	descriptions []*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c engineCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descriptions {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c engineCollector) Collect(to chan<- prometheus.Metric) {
	e := c.read()
	for i, m := range engineMetrics {
		to <- prometheus.MustNewConstMetric(c.descriptions[i], m.kind, m.value(&e))
	}
}
