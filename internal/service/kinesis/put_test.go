package kinesis

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// A request's records of one shard share a batch, however many shards it names,
// and also after a reshard made it route them again.
func TestGroupHasOneBatchForEachShard(t *testing.T) {
	shards := uniform(2000)
	for i := range shards {
		shards[i].Index = uint32(i * i) // neighbours in the table, and far apart
	}
	g := groups.New().(*group)
	for _, distinct := range []int{1, 4, 128, 500, 3} {
		g.restart()
		rand.Shuffle(len(shards), func(i, j int) { shards[i], shards[j] = shards[j], shards[i] })
		for range 2 {
			for i, sh := range shards[:distinct] {
				if b := g.batch(sh); b.shard != sh || b != g.batches[i] {
					t.Fatalf("of %d shards: shard %d has the batch of %v", distinct, i, b.shard)
				}
			}
		}
		if g.used != distinct {
			t.Errorf("%d batches for %d shards", g.used, distinct)
		}
	}
}

// What a pooled group keeps of its memory is bounded.
func TestGroupKeepsBoundedMemory(t *testing.T) {
	g := groups.New().(*group)
	record := make([]byte, mib)
	for _, sh := range uniform(3 * maxKept / mib) {
		g.batch(sh).block.Add(record)
	}
	g.release()
	size := 0
	for _, b := range g.batches {
		if b.shard != nil {
			t.Error("a pooled batch holds on to its shard")
		}
		size += cap(b.block.Bytes())
	}
	if size == 0 || size > maxKept {
		t.Errorf("%d bytes are kept, want up to %d", size, maxKept)
	}
}

// BenchmarkRoute spreads the 500 records of a request over the batches of its
// shards and takes the memory back.
func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{4, 128, 2000} {
		b.Run(fmt.Sprintf("shards=%d", n), func(b *testing.B) {
			shards := uniform(n)
			order := make([]*shard, 500)
			for i := range order {
				order[i] = shards[rand.IntN(n)]
			}
			b.ReportAllocs()
			for b.Loop() {
				g := groups.Get().(*group)
				for _, sh := range order {
					g.batch(sh).size++
				}
				g.release()
			}
		})
	}
}
