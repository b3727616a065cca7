package pebblestore

import "github.com/cockroachdb/pebble/v2"

// Metrics is what the engine tells of its work. Counts are since Open.
type Metrics struct {
	CacheHits, CacheMisses int64  // of blocks looked for in memory
	MemtableBytes          uint64 // not yet in tables
	L0Files                int64  // tables that overlap one another
	L0Sublevels            int64  // how many of them a read may have to look at
	DebtBytes              uint64 // an estimate of what compactions have to rewrite until none is needed
	Compactions            int64
	CompactionsFailed      int64
	CompactionsRunning     int64
	LogBytes               uint64 // written to the write-ahead log
	FlushedBytes           uint64 // written to tables from memory
	CompactedBytes         uint64 // written to tables by compactions
}

// WriteAmplification returns how many bytes went to the disk for each byte of the
// write-ahead log; 0 before any did.
func (m *Metrics) WriteAmplification() float64 {
	if m.LogBytes == 0 {
		return 0
	}
	return float64(m.LogBytes+m.FlushedBytes+m.CompactedBytes) / float64(m.LogBytes)
}

// Metrics returns what the engine tells of its work. It takes the database's lock
// for less than a millisecond. A store that is closed tells nothing.
func (s *Store) Metrics() Metrics {
	if s.enter() != nil {
		return Metrics{}
	}
	defer s.leave()
	return metricsOf(s.db.Metrics())
}

func metricsOf(from *pebble.Metrics) Metrics {
	m := Metrics{
		CacheHits:          from.BlockCache.Hits,
		CacheMisses:        from.BlockCache.Misses,
		MemtableBytes:      from.MemTable.Size,
		L0Files:            from.Levels[0].TablesCount,
		L0Sublevels:        int64(from.Levels[0].Sublevels),
		DebtBytes:          from.Compact.EstimatedDebt,
		Compactions:        from.Compact.Count,
		CompactionsFailed:  from.Compact.FailedCount,
		CompactionsRunning: from.Compact.NumInProgress,
		LogBytes:           from.WAL.BytesWritten,
	}
	for i := range from.Levels {
		m.FlushedBytes += from.Levels[i].TableBytesFlushed
		m.CompactedBytes += from.Levels[i].TableBytesCompacted
	}
	return m
}
