package pebblestore

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/store"
)

// settings are what BenchmarkLoad compares: what is shipped, and what was weighed
// against it (docs/adr/0002-pebble.md).
var settings = []struct {
	name string
	tune func(o *pebble.Options)
}{
	{"shipped", func(*pebble.Options) {}},
	{"tables=16MB", func(o *pebble.Options) { o.TargetFileSizes[0], o.FlushSplitBytes = 16<<20, 32<<20 }},
	{"compactions=2", func(o *pebble.Options) { o.CompactionConcurrencyRange = func() (int, int) { return 1, 2 } }},
	{"memtable=64MB", func(o *pebble.Options) { o.MemTableSize = 64 << 20 }},
	{"values-apart", func(o *pebble.Options) {
		o.TargetFileSizes[0], o.FlushSplitBytes = 32<<20, 64<<20
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			return pebble.ValueSeparationPolicy{
				Enabled: true, MinimumSize: 256, MaxBlobReferenceDepth: 500,
				RewriteMinimumAge: 5 * time.Minute, TargetGarbageRatio: 0.2,
			}
		}
	}},
}

// BenchmarkLoad appends requests of 500 records of 1 KiB that spread over the
// logs, 8 at a time and as fast as it goes, as PutRecords does. -benchtime=20000x
// writes 10 GB. Beside the speed, which is the disk's, it reports
//
//	WA          bytes that went to the disk for each byte of records
//	debt/B      bytes that compactions have yet to rewrite, for each byte of records
//	layers      the most sublevels of level 0 (see pace)
//	stall-s/GB  how long Pebble took no writes
//	max-ms      the longest request
//	close-s     how long the stop took
func BenchmarkLoad(b *testing.B) {
	for _, logs := range []int{4, 128, 2000} {
		for _, s := range settings {
			b.Run(fmt.Sprintf("logs=%d/%s", logs, s.name), func(b *testing.B) { benchmarkLoad(b, logs, s.tune) })
		}
	}
}

func benchmarkLoad(b *testing.B, logs int, tune func(*pebble.Options)) {
	const records, size, writers = 500, 1024, 8
	var stalled, longest, layers atomic.Int64
	s, err := Open(Options{Dir: b.TempDir(), MinFreeBytes: -1, tune: func(o *pebble.Options) {
		tune(o)
		var began time.Time
		o.EventListener.WriteStallBegin = func(pebble.WriteStallBeginInfo) { began = time.Now() }
		o.EventListener.WriteStallEnd = func() { stalled.Add(int64(time.Since(began))) }
	}})
	if err != nil {
		b.Fatal(err)
	}
	all := make([]store.Log, logs)
	for i := range all {
		all[i] = benchLog(b, s, fmt.Sprint("log", i))
	}
	record := make([]byte, size)
	for i := range record {
		record[i] = byte(rand.Uint32())
	}
	b.SetBytes(records * size)
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	for range writers {
		wait.Go(func() {
			blocks := make([]store.Block, logs)
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				for range records {
					blocks[rand.IntN(logs)].Add(record)
				}
				began := time.Now()
				appendAll(b, all, blocks)
				raise(&longest, int64(time.Since(began)))
				if n%100 == 0 {
					raise(&layers, s.Metrics().L0Sublevels)
				}
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	m, written := s.db.Metrics(), float64(b.N)*records*size
	disk := m.WAL.BytesWritten
	for _, l := range m.Levels {
		// Pebble 2.1 counts the values that a flush sets apart as compacted, too.
		disk += l.TableBytesFlushed + l.TableBytesCompacted + l.BlobBytesCompacted
	}
	began := time.Now()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "close-s")
	b.ReportMetric(float64(disk)/written, "WA")
	b.ReportMetric(float64(m.Compact.EstimatedDebt)/written, "debt/B")
	b.ReportMetric(float64(layers.Load()), "layers")
	b.ReportMetric(time.Duration(stalled.Load()).Seconds()/(written/1e9), "stall-s/GB")
	b.ReportMetric(float64(longest.Load())/1e6, "max-ms")
}

// appendAll appends the blocks that hold something, waits for all outcomes and
// empties them.
func appendAll(b *testing.B, logs []store.Log, blocks []store.Block) {
	var outcomes sync.WaitGroup
	for i := range blocks {
		if blocks[i].Count() == 0 {
			continue
		}
		outcomes.Add(1)
		logs[i].Append(&blocks[i], func(_ store.Appended, err error) {
			if err != nil {
				b.Error(err)
			}
			outcomes.Done()
		})
	}
	outcomes.Wait()
	for i := range blocks {
		blocks[i].Reset()
	}
}

// raise makes a value at least n.
func raise(v *atomic.Int64, n int64) {
	for old := v.Load(); n > old && !v.CompareAndSwap(old, n); old = v.Load() {
	}
}
