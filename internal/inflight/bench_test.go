package inflight

import (
	"runtime"
	"testing"
)

// full returns a machine with n items in flight, which are removed oldest first,
// and those.
func full(b *testing.B, o Options, n int) (*Machine, []Item) {
	m := New(o, Counts{})
	if _, _, err := m.Due(discard{}); err != nil {
		b.Fatal(err)
	}
	ring := make([]Item, n)
	for i := range ring {
		ring[i] = m.Deliver(discard{}, Item{ID: uint64(i)}, true, int64(i), int64(i)+30_000)
	}
	return m, ring
}

// BenchmarkDeliverRemove is one item's way, among 100,000 in flight. The rows cost
// nothing here.
func BenchmarkDeliverRemove(b *testing.B) {
	const n = 100_000
	for name, window := range map[string]int{"default": 0, "all": n + 1} {
		b.Run("window="+name, func(b *testing.B) {
			m, ring := full(b, Options{Window: window}, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Remove(discard{}, ring[i%n])
				ring[i%n] = m.Deliver(discard{}, Item{ID: uint64(n + i)}, true, int64(n+i), int64(n+i)+30_000)
			}
		})
	}
}

// BenchmarkMemory states the bytes of an item that is in memory.
func BenchmarkMemory(b *testing.B) {
	const n = 30_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		m, ring := full(b, Options{}, n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		own := float64(after.HeapAlloc) - float64(before.HeapAlloc) - float64(len(ring))*72
		b.ReportMetric(own/n, "B/item")
		runtime.KeepAlive(m)
	}
}
