package kinesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
)

// apply carries out a step on shards in memory.
func applyStep(t *testing.T, open []*shard, next uint32, s *step) ([]*shard, uint32) {
	t.Helper()
	open = slices.DeleteFunc(slices.Clone(open), func(sh *shard) bool { return slices.Contains(s.parents, sh) })
	for _, c := range s.children {
		c.Index = next
		next++
		open = append(open, c)
	}
	slices.SortFunc(open, func(a, b *shard) int { return a.Start.Cmp(b.Start) })
	wantCover(t, open)
	return open, next
}

// wantCover fails the test unless the shards cover the hash space once.
func wantCover(t *testing.T, open []*shard) {
	t.Helper()
	at := hash128.Hash{}
	for i, sh := range open {
		if sh.Start != at || sh.End.Less(sh.Start) {
			t.Fatalf("shard %d of %d is %v to %v, should start at %v", i, len(open), sh.Start, sh.End, at)
		}
		at = sh.End.Next()
	}
	if at != (hash128.Hash{}) {
		t.Fatalf("the last shard ends before %v", at)
	}
}

func uniform(n int) []*shard {
	return firstShards(&description{Incarnation: 1}, n)
}

// From 4 to 3 AWS was seen to make the shards 4 to 10, of which 6, 9 and 10
// stay open (reference kinesis-streams §4.2).
func TestUniformScalingMakesTheShardsOfAWS(t *testing.T) {
	open, next := uniform(4), uint32(4)
	for s := uniformStep(open, 3); s != nil; s = uniformStep(open, 3) {
		open, next = applyStep(t, open, next, s)
	}
	var left []uint32
	for _, sh := range open {
		left = append(left, sh.Index)
	}
	if !slices.Equal(left, []uint32{6, 9, 10}) || next != 11 {
		t.Errorf("left open: %v, next %d", left, next)
	}
}

func TestUniformScalingReachesEqualRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		open := uniform(1 + r.IntN(40))
		next := uint32(len(open))
		for range r.IntN(10) { // an irregular beginning
			sh := open[r.IntN(len(open))]
			at := sh.Start.Add(hash128.Hash{Hi: r.Uint64N(max(sh.End.Sub(sh.Start).Hi, 2)-1) + 1})
			open, next = applyStep(t, open, next, splitStep(sh, at))
		}
		n := 1 + r.IntN(80)
		steps := 0
		for s := uniformStep(open, n); s != nil; s = uniformStep(open, n) {
			open, next = applyStep(t, open, next, s)
			if steps++; steps > 1000 {
				t.Fatalf("no end after %d steps", steps)
			}
		}
		if len(open) != n {
			t.Fatalf("%d shards instead of %d", len(open), n)
		}
		for i, sh := range open {
			if sh.Start != hash128.Bound(i, n) {
				t.Fatalf("shard %d of %d starts at %v", i, n, sh.Start)
			}
		}
	}
}

func (h *harness) split(stream, shard, at string) error {
	return h.SplitShard(h.call(kinesisapi.OpSplitShard), &kinesisapi.SplitShardInput{StreamName: api.Some(stream), ShardToSplit: api.Some(shard), NewStartingHashKey: api.Some(at)})
}

func (h *harness) merge(stream, a, b string) error {
	return h.MergeShards(h.call(kinesisapi.OpMergeShards), &kinesisapi.MergeShardsInput{StreamName: api.Some(stream), ShardToMerge: api.Some(a), AdjacentShardToMerge: api.Some(b)})
}

func TestSplitAndMergeKeepEveryRecordInOrder(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	half := hash128.Bound(1, 2).String()
	put := func(i int) { h.put("s", [2]string{fmt.Sprint("key", i%7), fmt.Sprint(i)}) }
	for i := range 20 {
		put(i)
	}
	h.must(h.split("s", "0", half))
	h.wantCode(h.split("s", "0", half), "ResourceInUseException")
	h.settle("s")
	h.wantCode(h.split("s", "shardId-000000000000", half), "InvalidArgumentException")
	for i := 20; i < 40; i++ {
		put(i)
	}
	h.wantCode(h.merge("s", "0", "1"), "InvalidArgumentException")
	h.must(h.merge("s", "2", "1"))
	st := h.settle("s")
	wantCover(t, st.openShard)
	if c := st.shard(3); *c.Parent != 2 || *c.Adjacent != 1 {
		t.Errorf("the merged shard names its parents %d and %d", *c.Parent, *c.Adjacent)
	}
	for i := 40; i < 50; i++ {
		put(i)
	}

	// A reader that goes from parents to children finds each key in order.
	last := map[string]int{}
	n := 0
	var read func(id string)
	done := map[string]bool{}
	read = func(id string) {
		if done[id] {
			return
		}
		done[id] = true
		it := h.iterator("s", id, "TRIM_HORIZON")
		var children []kinesisapi.ChildShard
		for it != "" {
			out := h.get(it)
			for _, r := range out.Records {
				var i int
				if _, err := fmt.Sscan(string(r.Data), &i); err != nil {
					t.Fatal(err)
				}
				if before, ok := last[r.PartitionKey.V]; ok && i <= before {
					t.Errorf("key %s: %d after %d", r.PartitionKey.V, i, before)
				}
				last[r.PartitionKey.V] = i
				n++
			}
			if (len(out.ChildShards) > 0) == out.NextShardIterator.Set {
				t.Fatalf("shard %s: %d children beside the iterator %q", id, len(out.ChildShards), out.NextShardIterator.V)
			}
			children = out.ChildShards
			if it = out.NextShardIterator.V; len(out.Records) == 0 {
				break
			}
		}
		for _, c := range children {
			ready := true
			for _, p := range c.ParentShards {
				ready = ready && done[p]
			}
			if ready {
				read(c.ShardId.V)
			}
		}
	}
	read("shardId-000000000000")
	if n != 50 {
		t.Errorf("%d of 50 records were read", n)
	}
}
