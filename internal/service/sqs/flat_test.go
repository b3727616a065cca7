package sqs

import (
	"context"
	"iter"
	"math"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

// countedStore counts the rows that transactions read: those they asked for and
// each step of a scan.
type countedStore struct {
	store.Store
	rows atomic.Int64
}

func (s *countedStore) Partition(name string) store.Partition {
	return countedPartition{s.Store.Partition(name), &s.rows}
}

type countedPartition struct {
	store.Partition
	rows *atomic.Int64
}

func (p countedPartition) Update(ctx context.Context, f func(store.Tx) error) error {
	return p.Partition.Update(ctx, func(tx store.Tx) error { return f(countedTx{tx, countedReader{tx, p.rows}}) })
}

func (p countedPartition) View(ctx context.Context, f func(store.Reader) error) error {
	return p.Partition.View(ctx, func(r store.Reader) error { return f(countedReader{r, p.rows}) })
}

type countedTx struct {
	store.Tx
	countedReader
}

func (t countedTx) Version() store.Version         { return t.countedReader.Version() }
func (t countedTx) Get(key []byte) ([]byte, error) { return t.countedReader.Get(key) }
func (t countedTx) Scan(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return t.countedReader.Scan(from, to)
}
func (t countedTx) ScanReverse(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return t.countedReader.ScanReverse(from, to)
}

type countedReader struct {
	store.Reader
	rows *atomic.Int64
}

func (r countedReader) Get(key []byte) ([]byte, error) {
	r.rows.Add(1)
	return r.Reader.Get(key)
}

func (r countedReader) Scan(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return r.count(r.Reader.Scan(from, to))
}

func (r countedReader) ScanReverse(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return r.count(r.Reader.ScanReverse(from, to))
}

func (r countedReader) count(scan iter.Seq2[store.KeyValue, error]) iter.Seq2[store.KeyValue, error] {
	return func(yield func(store.KeyValue, error) bool) {
		for kv, err := range scan {
			r.rows.Add(1)
			if !yield(kv, err) {
				return
			}
		}
	}
}

// flatRig is a service on the engine that servers use, where rows are counted and
// nothing happens by itself.
type flatRig struct {
	*rig
	counted *countedStore
	url     string
	sent    int
}

func newFlatRig(t *testing.T, name string, attributes map[string]string) *flatRig {
	t.Helper()
	st, err := pebblestore.Open(pebblestore.Options{Dir: t.TempDir(), MinFreeBytes: -1, MemoryBytes: 128 << 20, Fsync: pebblestore.FsyncInterval})
	if err != nil {
		t.Fatal(err)
	}
	r := &flatRig{rig: &rig{t: t}, counted: &countedStore{Store: st}}
	r.startCounted()
	t.Cleanup(func() {
		_ = r.Close()
		_ = st.Close()
	})
	r.url = r.create(name, attributes)
	return r
}

func (r *flatRig) startCounted() {
	r.t.Helper()
	s, err := New(context.Background(), Options{Store: r.counted, SweepInterval: time.Hour})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Service = s
}

// fill sends n messages, many in each commit.
func (r *flatRig) fill(name, group string, n int) {
	r.t.Helper()
	const many = 1000
	ctx := r.ctx(sqsapi.OpSendMessageBatch)
	call := api.CallOf(ctx)
	key := queueKey{"000000000000", "us-east-1", name}
	for n > 0 {
		batch := min(n, many)
		n -= batch
		err := r.Service.send(ctx, key, func(d *description) ([]*sending, error) {
			out := make([]*sending, batch)
			for i := range out {
				r.sent++
				e := entry{body: "a message"}
				if group != "" {
					e.group, e.dedup = api.Some(group), api.Some(strconv.Itoa(r.sent))
				}
				var p prepared
				if err := p.check(call, key, &e); err != nil {
					return nil, err
				}
				var err error
				if out[i], err = r.prepare(d, &p, &e); err != nil {
					return nil, err
				}
			}
			return out, nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// cost is what a queue costs at some depth.
type cost struct {
	receive int64 // rows that a receive reads, at most
	settle  int64 // rows that a deletion reads, at most
	start   int64 // rows that a start and the first receive read
	heap    int64 // bytes that the queue's memory takes
}

// remembered returns the bytes of the heap that are free once the queues' memory
// is thrown away. It is a cache, so nothing is lost.
func (r *flatRig) remembered() int64 {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for _, q := range r.all() {
		q.mu.Lock()
		q.mem = nil
		q.mu.Unlock()
	}
	return before - heap()
}

// measure receives messages and replaces them, then starts the service anew.
func (r *flatRig) measure(name, group string, want int) (c cost) {
	r.t.Helper()
	count := func(f func()) int64 {
		before := r.counted.rows.Load()
		f()
		return r.counted.rows.Load() - before
	}
	take := func() []sqsapi.Message {
		got := r.receive(r.url, 10)
		if len(got) != want {
			r.t.Fatalf("received %d messages, want %d", len(got), want)
		}
		return got
	}
	replace := func(got []sqsapi.Message) {
		for _, m := range got {
			c.settle = max(c.settle, count(func() {
				if err := r.delete(r.url, m); err != nil {
					r.t.Fatal(err)
				}
			}))
		}
		r.fill(name, group, len(got))
	}
	for range 20 {
		var got []sqsapi.Message
		c.receive = max(c.receive, count(func() { got = take() }))
		replace(got)
	}
	c.heap = math.MaxInt64
	for range 3 { // the engine's memory moves meanwhile
		replace(take())
		c.heap = min(c.heap, r.remembered())
	}
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	var got []sqsapi.Message
	c.start = count(func() {
		r.startCounted()
		got = take()
	})
	replace(got)
	return c
}

// A receive, a deletion and a start cost the same however many messages a queue
// has; and memory does not grow with them.
func TestDepthCostsNothing(t *testing.T) {
	const few, many = 1000, 1_000_000
	if testing.Short() {
		t.Skip("a million messages take half a minute, and many with the race detector, whose memory would count")
	}
	for _, c := range []struct {
		name, attribute string
		blocked, group  string // of a FIFO queue
		want            int    // messages of each receive
	}{
		{"standard", "", "", "", 10},
		{"blocked.fifo", "FifoQueue", "blocked", "free", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			attributes := map[string]string{}
			if c.attribute != "" {
				attributes[c.attribute] = "true"
			}
			r := newFlatRig(t, c.name, attributes)
			r.fill(c.name, c.blocked, few)
			if c.blocked != "" {
				r.receive(r.url, 1, func(in *sqsapi.ReceiveMessageRequest) { in.VisibilityTimeout = api.Some[int32](43200) })
				r.fill(c.name, c.group, 1)
			}
			first := r.measure(c.name, c.group, c.want)
			r.fill(c.name, c.blocked, many-few)
			then := r.measure(c.name, c.group, c.want)
			t.Logf("%d messages: %+v; %d messages: %+v", few, first, many, then)
			// A start reads some more or less, as what runs beside it comes first or not.
			const slack = 10
			if then.receive > first.receive+slack || then.settle > first.settle+slack || then.start > first.start+slack {
				t.Errorf("rows read with %d messages: %+v, with %d: %+v", few, first, many, then)
			}
			// Sixteen bytes for each message, and one row has more.
			if then.heap > max(first.heap, 0)+16<<20 {
				t.Errorf("the queue's memory grew from %d to %d bytes", first.heap, then.heap)
			}
		})
	}
}
