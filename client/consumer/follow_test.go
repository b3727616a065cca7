package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// collector is a Handle that keeps what it is given, by key.
type collector struct {
	mu    sync.Mutex
	byKey map[string][]int
	n     int
}

func (c *collector) handle(_ context.Context, b *Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey == nil {
		c.byKey = map[string][]int{}
	}
	for _, r := range b.Records {
		n, err := strconv.Atoi(string(r.Data))
		if err != nil {
			return err
		}
		c.byKey[*r.PartitionKey] = append(c.byKey[*r.PartitionKey], n)
		c.n++
	}
	return nil
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// check wants each of the records once, and those of a key in order.
func (c *collector) check(t *testing.T, want int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n != want {
		t.Errorf("%d records of %d", c.n, want)
	}
	for key, ns := range c.byKey {
		if !slices.IsSorted(ns) || len(slices.Compact(slices.Clone(ns))) != len(ns) {
			t.Errorf("key %s: %v", key, ns)
		}
	}
}

// world writes to a fake stream as a real one takes records: a key's records go
// to the shard that holds its place.
type world struct {
	f    *fakeStream
	r    *rand.Rand
	open []int // shards in order of their ranges; a key's place is its number modulo 64
	ends []int // exclusive
}

func newWorld(seed uint64) *world {
	w := &world{f: newFakeStream(2), r: rand.New(rand.NewPCG(seed, 1)), open: []int{0, 1}, ends: []int{32, 64}}
	return w
}

func (w *world) put(n int) {
	for range n {
		place := w.r.IntN(64)
		for i, end := range w.ends {
			if place < end {
				w.f.put(w.open[i], "key"+strconv.Itoa(place))
				break
			}
		}
	}
}

func (w *world) reshard() {
	i := w.r.IntN(len(w.open))
	start := 0
	if i > 0 {
		start = w.ends[i-1]
	}
	if w.r.IntN(2) == 0 && w.ends[i]-start > 1 {
		a, b := w.f.split(w.open[i])
		w.open = slices.Replace(w.open, i, i+1, a, b)
		w.ends = slices.Insert(w.ends, i, start+1+w.r.IntN(w.ends[i]-start-1))
	} else if i > 0 {
		c := w.f.merge(w.open[i-1], w.open[i])
		w.open = slices.Replace(w.open, i-1, i+1, c)
		w.ends = slices.Delete(w.ends, i-1, i)
	}
}

// follow runs a follower until it has handed over as many records, and nothing
// more comes.
func follow(t *testing.T, o Options, c *collector, want int) State {
	t.Helper()
	o.Stream, o.Handle = "s", c.handle
	f := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for waited := 0; c.count() < want && waited < 1000; waited++ {
		<-time.After(time.Second) // of the bubble: it costs nothing
	}
	<-time.After(10 * time.Second)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return f.State()
}

func TestOrderThroughReshards(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(seed)
			w.put(20)
			for range 30 {
				w.reshard()
				w.put(w.r.IntN(20))
			}
			if fails := rand.New(rand.NewPCG(seed, 2)); seed%4 > 0 {
				w.f.fail = func(op string) error {
					if op == "ListShards" {
						return nil // the first call is not repeated: whoever starts a follower is told
					}
					switch fails.IntN(20) {
					case 0:
						return lost(op)
					case 1:
						return &types.ProvisionedThroughputExceededException{}
					case 2:
						if op == "GetRecords" {
							return &types.ExpiredIteratorException{}
						}
					}
					return nil
				}
			}
			var c collector
			state := follow(t, Options{Client: w.f, From: TrimHorizon()}, &c, w.f.next)
			c.check(t, w.f.next)

			// More comes, and a later run goes on from the state as it is kept in a file.
			before := w.f.next
			for range 5 {
				w.put(10)
				w.reshard()
			}
			text, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			var kept State
			if err := json.Unmarshal(text, &kept); err != nil {
				t.Fatal(err)
			}
			follow(t, Options{Client: w.f, Resume: kept}, &c, w.f.next)
			c.check(t, w.f.next)
			if t.Failed() {
				t.Logf("seed %d, %d and %d records", seed, before, w.f.next)
			}
		})
	}
}

func TestChildWaitsForBothParents(t *testing.T) {
	l := lineage{state: State{}}
	l.begin("a", TrimHorizon())
	l.begin("b", TrimHorizon())
	merged := []Shard{{ID: "c", Parents: []string{"a", "b"}}}
	if ready := l.end("a", merged); len(ready) != 0 {
		t.Errorf("c begins while b is read: %v", ready)
	}
	if ready := l.end("b", merged); len(ready) != 1 || ready[0].ID != "c" {
		t.Errorf("c does not begin: %v", ready)
	}
	// d is of c and of e, a descendant that nobody has heard of yet.
	if ready := l.end("c", []Shard{{ID: "d", Parents: []string{"c", "e"}}}); len(ready) != 0 {
		t.Errorf("d begins before e was read: %v", ready)
	}
}

func TestLatestIsWhereItWasFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.put(0, "before")
		var c collector
		follower := New(Options{Client: f, Stream: "s", Handle: c.handle})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- follower.Run(ctx) }()
		<-time.After(time.Second)
		// The connection breaks, a record comes meanwhile, and the follower goes on.
		f.mu.Lock()
		f.fail = lost
		f.mu.Unlock()
		<-time.After(time.Second)
		f.put(0, "meanwhile")
		f.mu.Lock()
		f.fail = nil
		f.mu.Unlock()
		<-time.After(time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		c.check(t, 1)
		if len(c.byKey["meanwhile"]) != 1 {
			t.Error("the record that came during the outage is lost")
		}
		if n := f.count("GetShardIterator"); n != 1 {
			t.Errorf("%d iterators were asked for", n)
		}
	})
}

func TestExpiredShardGoesOnInItsChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.put(0, "k")
		a, b := f.split(0)
		f.put(a, "k")
		f.put(b, "l")
		f.shards[0].expired = true
		var c collector
		follow(t, Options{Client: f, Resume: State{f.shards[0].id: {Position: After("0")}}}, &c, 2)
		c.check(t, 2)
	})
}

func TestWhatEndsRun(t *testing.T) {
	denied := errors.New("denied")
	for name, c := range map[string]struct {
		fail   error
		handle error
		want   error
		listed bool // ListShards succeeds
	}{
		"an error of Handle":              {handle: denied, want: denied},
		"an error that no retry mends":    {fail: &types.AccessDeniedException{Message: aws.String("no")}, want: &types.AccessDeniedException{}},
		"the stream is gone":              {fail: errNotFound, want: errNotFound},
		"every shard has ended, no child": {},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeStream(2)
			f.put(0, "k")
			if c.want == nil {
				f.shards[0].closed, f.shards[1].closed = true, true
			}
			listed := false
			f.fail = func(op string) error {
				if op == "ListShards" && (c.listed || !listed) {
					listed = true
					return nil
				}
				return c.fail
			}
			follower := New(Options{Client: f, Stream: "s", From: TrimHorizon(), Handle: func(context.Context, *Batch) error { return c.handle }})
			err := follower.Run(t.Context())
			if fmt.Sprintf("%T", err) != fmt.Sprintf("%T", c.want) {
				t.Errorf("%s: %v", name, err)
			}
			for shard, p := range follower.State() {
				if p.Ended != (c.want == nil) {
					t.Errorf("%s: %s has ended: %v", name, shard, p.Ended)
				}
			}
		})
	}
}

// TestEndIsKept stops a run in the very moment in which a shard's last records
// were handed over: they do not come again.
func TestEndIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.put(0, "k")
		f.split(0)
		ctx, cancel := context.WithCancel(t.Context())
		follower := New(Options{Client: f, Stream: "s", From: TrimHorizon(), Handle: func(_ context.Context, b *Batch) error {
			if b.Ended {
				cancel()
			}
			return nil
		}})
		if err := follower.Run(ctx); err != nil {
			t.Error(err)
		}
		if s := follower.State(); !s[f.shards[0].id].Ended || len(s) != 3 {
			t.Errorf("%+v", s)
		}
	})
}
