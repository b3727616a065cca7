package sqs

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// rig is a service on a store in memory and a clock that stands still.
type rig struct {
	*Service
	t     *testing.T
	store *memstore.Store
	clock *clock.Fake
}

var epoch = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	c := clock.NewFake(epoch)
	st := memstore.New(memstore.Options{Clock: c})
	t.Cleanup(func() { _ = st.Close() })
	r := &rig{t: t, store: st, clock: c}
	r.start(change...)
	return r
}

// start starts the service, again after a stop.
func (r *rig) start(change ...func(*Options)) {
	r.t.Helper()
	o := Options{Store: r.store, Clock: r.clock, Cooldown: time.Minute}
	for _, f := range change {
		f(&o)
	}
	s, err := New(context.Background(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Service = s
	r.t.Cleanup(func() { _ = s.Close() })
}

// restart stops the service and starts one that knows the store alone.
func (r *rig) restart() {
	r.t.Helper()
	if err := r.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

// ctx returns the context of a call of an operation by the default account.
func (r *rig) ctx(op *api.Operation) context.Context {
	return api.WithCall(context.Background(), &api.Call{
		RequestID: "test", Operation: op, Account: "000000000000", Region: "us-east-1",
		Principal: &api.Principal{Account: "000000000000", Root: true},
	})
}

const urlPrefix = "http://localhost:4566/000000000000/"

// create makes a queue and returns its URL.
func (r *rig) create(name string, attributes map[string]string) string {
	r.t.Helper()
	var out sqsapi.CreateQueueResult
	err := r.CreateQueue(r.ctx(sqsapi.OpCreateQueue), &sqsapi.CreateQueueRequest{QueueName: api.Some(name), Attributes: attributes}, &out)
	if err != nil {
		r.t.Fatalf("create %s: %v", name, err)
	}
	return urlPrefix + name
}

// send sends one message; group and dedup are for FIFO queues.
func (r *rig) send(url, body, group, dedup string) sqsapi.SendMessageResult {
	r.t.Helper()
	in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body)}
	if group != "" {
		in.MessageGroupId = api.Some(group)
	}
	if dedup != "" {
		in.MessageDeduplicationId = api.Some(dedup)
	}
	var out sqsapi.SendMessageResult
	if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, &out); err != nil {
		r.t.Fatalf("send %q: %v", body, err)
	}
	return out
}

// receive receives up to n messages without waiting.
func (r *rig) receive(url string, n int32, change ...func(*sqsapi.ReceiveMessageRequest)) []sqsapi.Message {
	r.t.Helper()
	in := &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some(n), MessageSystemAttributeNames: []string{"All"}, MessageAttributeNames: []string{"All"}}
	for _, f := range change {
		f(in)
	}
	var out sqsapi.ReceiveMessageResult
	if err := r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), in, &out); err != nil {
		r.t.Fatalf("receive: %v", err)
	}
	return out.Messages
}

func (r *rig) delete(url string, m sqsapi.Message) error {
	return r.DeleteMessage(r.ctx(sqsapi.OpDeleteMessage), &sqsapi.DeleteMessageRequest{QueueUrl: api.Some(url), ReceiptHandle: m.ReceiptHandle})
}

func bodies(messages []sqsapi.Message) string {
	s := ""
	for _, m := range messages {
		s += m.Body.V + " "
	}
	return s
}

// wantBodies checks what a receive got.
func (r *rig) wantBodies(got []sqsapi.Message, want string) {
	r.t.Helper()
	if bodies(got) != want {
		r.t.Errorf("received %q, want %q", bodies(got), want)
	}
}

// wantCode checks the code of an error.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Shape.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// wantCounts checks how many messages of a queue are visible, in flight and
// delayed.
func (r *rig) wantCounts(name string, visible, inFlight, delayed int64) {
	r.t.Helper()
	var c counts
	err := r.update(context.Background(), testKey(name), func(_ store.Tx, _ *queue, m *memory) error {
		c = m.order.counts(r.now())
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if c != (counts{visible, inFlight, delayed}) {
		r.t.Errorf("%s has %+v, want %d visible, %d in flight, %d delayed", name, c, visible, inFlight, delayed)
	}
}

// untilWaiting waits until as many receives wait for messages of a queue.
func (r *rig) untilWaiting(name string, n int) {
	for waiting := -1; waiting != n; {
		q := r.queue(queueKey{"000000000000", "us-east-1", name})
		waiting = q.waiting.Len()
		runtime.Gosched()
	}
}

func TestStandardQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	for i := range 5 {
		r.send(url, strconv.Itoa(i), "", "")
	}
	r.wantCounts("orders", 5, 0, 0)
	got := r.receive(url, 3)
	r.wantBodies(got, "0 1 2 ")
	r.wantCounts("orders", 2, 3, 0)
	if err := r.delete(url, got[1]); err != nil {
		t.Fatal(err)
	}
	r.wantCounts("orders", 2, 2, 0)
	r.restart()
	r.wantBodies(r.receive(url, 1), "3 ")
	r.clock.Advance(30 * time.Second)
	again := r.receive(url, 10)
	r.wantBodies(again, "0 2 3 4 ")
	if n := again[0].Attributes["ApproximateReceiveCount"]; n != "2" {
		t.Errorf("receive count %s", n)
	}
	for _, m := range again {
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
	}
	r.wantCounts("orders", 0, 0, 0)
	r.wantBodies(r.receive(url, 10), "")
}

func TestFIFOQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("orders.fifo", map[string]string{"FifoQueue": "true"})
	for i := range 4 {
		r.send(url, "a"+strconv.Itoa(i), "a", "a"+strconv.Itoa(i))
	}
	r.send(url, "b0", "b", "b0")
	got := r.receive(url, 2)
	r.wantBodies(got, "a0 a1 ")
	r.wantBodies(r.receive(url, 10), "b0 ")
	r.wantBodies(r.receive(url, 10), "")
	if err := r.delete(url, got[0]); err != nil {
		t.Fatal(err)
	}
	r.wantBodies(r.receive(url, 10), "")
	r.wantCounts("orders.fifo", 2, 2, 0)
	r.restart()
	r.wantBodies(r.receive(url, 10), "")
	r.clock.Advance(30 * time.Second)
	again := r.receive(url, 10)
	r.wantBodies(again, "a1 a2 a3 b0 ")
	wantCode(t, r.delete(url, got[1]), "InvalidParameterValueException")
	for _, m := range again {
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
	}
	r.wantCounts("orders.fifo", 0, 0, 0)
	first := r.send(url, "new", "a", "a0") // still known
	if len(r.receive(url, 1)) != 0 {
		t.Error("a duplicate was delivered")
	}
	r.clock.Advance(5 * time.Minute)
	second := r.send(url, "new", "a", "a0")
	if first.MessageId == second.MessageId || bodies(r.receive(url, 1)) != "new " {
		t.Error("a deduplication id is known for longer than five minutes")
	}
}

func TestLongPoll(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	got := make(chan []sqsapi.Message)
	wait := func(in *sqsapi.ReceiveMessageRequest) { in.WaitTimeSeconds = api.Some[int32](20) }
	go func() { got <- r.receive(url, 1, wait) }()
	r.untilWaiting("orders", 1)
	r.send(url, "here", "", "")
	r.wantBodies(<-got, "here ")
	go func() { got <- r.receive(url, 1, wait) }()
	r.untilWaiting("orders", 1)
	for r.clock.Timers() < 3 { // the sweep's, the receive's, and that of the lease
		runtime.Gosched()
	}
	r.clock.Advance(20 * time.Second)
	r.wantBodies(<-got, "")
}
