package kinesis

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

const (
	testAccount = "000000000000"
	testRegion  = "us-east-1"
)

// harness is a service on a memstore and a clock that stands still.
type harness struct {
	*Service
	t     *testing.T
	clock *clock.Fake
	store *memstore.Store
}

func newHarness(t *testing.T, edit ...func(*Options)) *harness {
	t.Helper()
	c := clock.NewFake(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	h := &harness{t: t, clock: c, store: memstore.New(memstore.Options{Clock: c})}
	t.Cleanup(func() { h.store.Close() })
	h.start(edit...)
	t.Cleanup(func() { h.Close() })
	return h
}

// start makes the service, on what the store holds.
func (h *harness) start(edit ...func(*Options)) {
	h.t.Helper()
	o := Options{Store: h.store, Clock: h.clock, TransitionDelay: 500 * time.Millisecond}
	for _, f := range edit {
		f(&o)
	}
	s, err := New(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Service = s
}

// call returns a context as the edge makes it, for the test's account.
func (h *harness) call(op *api.Operation) context.Context {
	return h.callAs(op, testAccount, testRegion)
}

func (h *harness) callAs(op *api.Operation, account, region string) context.Context {
	return api.WithCall(h.t.Context(), &api.Call{
		Operation: op, Account: account, Region: region,
		Principal: &api.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", Root: true},
	})
}

// must fails the test on an error.
func (h *harness) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// wantCode fails the test unless err is an API error of that code.
func (h *harness) wantCode(err error, code string) {
	h.t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Shape.Code != code {
		h.t.Fatalf("got %v, want %s", err, code)
	}
}

// settle moves the clock until the stream is at rest, or gone.
func (h *harness) settle(name string) *streamState {
	h.t.Helper()
	for {
		part := h.store.Partition(streamKey{testAccount, testRegion, name}.partition())
		changed := part.Changed()
		_, st, err := h.stream(h.t.Context(), streamKey{testAccount, testRegion, name})
		h.must(err)
		if st == nil || st.due().IsZero() {
			return st
		}
		h.clock.Advance(max(st.due().Sub(h.clock.Now()), 0) + 2*time.Millisecond)
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			h.t.Fatalf("stream %s stays %s", name, st.Status)
		}
	}
}

// create makes a provisioned stream and waits until it is ACTIVE.
func (h *harness) create(name string, shards int) *streamState {
	h.t.Helper()
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: api.Some(name), ShardCount: api.Some(int32(shards))}))
	return h.settle(name)
}

// put stores records "key=data" and returns the answer.
func (h *harness) put(stream string, records ...[2]string) *kinesisapi.PutRecordsOutput {
	h.t.Helper()
	in := &kinesisapi.PutRecordsInput{StreamName: api.Some(stream)}
	for _, r := range records {
		in.Records = append(in.Records, kinesisapi.PutRecordsRequestEntry{PartitionKey: api.Some(r[0]), Data: []byte(r[1])})
	}
	out := new(kinesisapi.PutRecordsOutput)
	h.must(h.PutRecords(h.call(kinesisapi.OpPutRecords), in, out))
	return out
}

// iterator returns a shard iterator.
func (h *harness) iterator(stream, shard, kind string) string {
	h.t.Helper()
	out := new(kinesisapi.GetShardIteratorOutput)
	h.must(h.GetShardIterator(h.call(kinesisapi.OpGetShardIterator), &kinesisapi.GetShardIteratorInput{
		StreamName: api.Some(stream), ShardId: api.Some(shard), ShardIteratorType: api.Some(kind),
	}, out))
	return out.ShardIterator.V
}

// get reads one page.
func (h *harness) get(iterator string) *kinesisapi.GetRecordsOutput {
	h.t.Helper()
	out := new(kinesisapi.GetRecordsOutput)
	h.must(h.GetRecords(h.call(kinesisapi.OpGetRecords), &kinesisapi.GetRecordsInput{ShardIterator: api.Some(iterator)}, out))
	return out
}

// data returns the records' contents.
func data(records []kinesisapi.Record) (out []string) {
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	return out
}

// eventually waits until f returns nothing, and fails the test with what it
// returned last when it does not.
func (h *harness) eventually(f func() (missing string)) {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		missing := f()
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatal(missing)
		}
	}
}

// waitTimers waits until n timers of the clock are running.
func (h *harness) waitTimers(n int) {
	h.t.Helper()
	h.eventually(func() string {
		if running := h.clock.Timers(); running < n {
			return fmt.Sprintf("%d timers are running, want %d", running, n)
		}
		return ""
	})
}

var _ store.Store = (*memstore.Store)(nil)
