package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
	"github.com/millrace/millrace/test/model"
)

// streamQueue is a queue on a stream, which gives leases of a second, and of two at
// most, with all who use it.
type streamQueue struct {
	name, stream string
	arn          string // "" until it was created
	maxReceives  int    // 0: nothing becomes a dead letter

	writers   []*writer // of the stream
	consumers []*streamConsumer
	dead      []*streamConsumer // of the dead letters
}

// streamQueueSettles is for how long a queue must have nothing to be empty: longer
// than any lease.
const streamQueueSettles = 3 // seconds

// newStreamQueue returns one with so many consumers, and one more of dead letters;
// ids tell consumers apart, of which every other speaks CBOR.
func newStreamQueue(name, stream string, maxReceives, consumers int, id uint64, writers ...*writer) *streamQueue {
	q := &streamQueue{name: name, stream: stream, maxReceives: maxReceives, writers: writers}
	consumer := func(dead bool, i uint64) *streamConsumer {
		e := model.JSON
		if i%2 == 1 {
			e = model.CBOR
		}
		return &streamConsumer{q: q, of: map[bool]string{true: "DeadLetter"}[dead], encoding: e, rnd: rand.New(rand.NewPCG(*crashSeed, id+i))}
	}
	for i := range consumers {
		q.consumers = append(q.consumers, consumer(false, uint64(i)))
	}
	if maxReceives > 0 {
		q.dead = append(q.dead, consumer(true, uint64(consumers)))
	}
	return q
}

// model returns the suite's own client of the server.
func (srv *server) model(e model.Encoding) *model.Client {
	return &model.Client{
		Service: kinesisapi.Service, Encoding: e, URL: srv.HTTP(), Region: region,
		Key: sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, HTTP: http.DefaultClient,
	}
}

// create makes the queue, from the stream's beginning on.
func (q *streamQueue) create(ctx context.Context, c *model.Client) error {
	dead := model.Object{"TargetType": "NONE"}
	if q.maxReceives > 0 {
		dead = model.Object{"TargetType": "BUILT_IN", "MaxReceiveCount": q.maxReceives}
	}
	out, err := c.Call(ctx, "CreateQueue", model.Object{
		"QueueName":               q.name,
		"StreamConfigurationList": []any{model.Object{"StreamARN": "arn:aws:kinesis:" + region + ":000000000000:stream/" + q.stream, "StartingPosition": model.Object{"Type": "TRIM_HORIZON"}}},
		"QueueAttributes":         model.Object{"VisibilityTimeoutSeconds": 1, "DeadLetterConfiguration": dead},
	})
	if err != nil {
		return err
	}
	q.arn = out["QueueDescription"].(model.Object)["QueueARN"].(string)
	return q.wantThere(ctx, c, true)
}

// find waits until the queue is in no transition, and reports whether it is there.
func (q *streamQueue) find(ctx context.Context, c *model.Client) (there bool, err error) {
	var st any
	ok := poll(ctx, 15*time.Second, func() bool {
		var out model.Object
		if out, err = c.Call(ctx, "ListQueues", nil); err != nil {
			return true
		}
		st = nil
		for _, v := range out["QueueSummaries"].([]any) {
			if s := v.(model.Object); s["QueueName"] == q.name {
				st, q.arn = s["QueueStatus"], s["QueueARN"].(string)
			}
		}
		return st == nil || st == "ACTIVE"
	})
	if !ok && ctx.Err() == nil {
		return false, fmt.Errorf("queue %s is stuck in %v", q.name, st)
	}
	return st != nil, errors.Join(err, ctx.Err())
}

func (q *streamQueue) wantThere(ctx context.Context, c *model.Client, want bool) error {
	there, err := q.find(ctx, c)
	if err == nil && there != want {
		err = fmt.Errorf("queue %s is there: %t", q.name, there)
	}
	return err
}

func (q *streamQueue) delete(ctx context.Context, c *model.Client) error {
	_, err := c.Call(ctx, "DeleteQueue", model.Object{"QueueARN": q.arn})
	return err
}

// history is what all who use the queue, or write to its stream, have noted.
func (q *streamQueue) history(drained bool) queues.Queue {
	h := queues.Queue{Name: q.name, MaxReceives: q.maxReceives, Drained: drained, Tells: true}
	for _, w := range q.writers {
		for _, a := range w.attempts {
			h.Sends = append(h.Sends, queues.Send{ID: a.ID, Group: a.Key, Call: queues.Call{Began: a.Began, Ended: a.Ended, Outcome: a.Outcome}})
		}
	}
	for _, co := range q.consumers {
		h.Receives, h.Acts = append(h.Receives, co.receives...), append(h.Acts, co.acts...)
	}
	if q.maxReceives > 0 {
		h.Dead = &queues.Queue{Name: q.name, Drained: drained}
	}
	for _, co := range q.dead {
		h.Dead.Receives, h.Dead.Acts = append(h.Dead.Receives, co.receives...), append(h.Dead.Acts, co.acts...)
	}
	return h
}

// check judges what the queue has delivered; drained says that it was emptied.
func (q *streamQueue) check(t *testing.T, drained bool) {
	t.Helper()
	judge(t, queues.Check(q.history(drained)))
}

// drain receives and acknowledges until the queue has nothing for a while. What is
// leased when it begins can be had before that is over, alive or dead.
func (q *streamQueue) drain(ctx context.Context, srv *server) error {
	consumers := append(q.consumers[:1:1], q.dead...)
	errs := make([]error, len(consumers))
	var work sync.WaitGroup
	for i, co := range consumers {
		work.Go(func() { errs[i] = co.drain(ctx, srv) })
	}
	work.Wait()
	return errors.Join(errs...)
}

func (co *streamConsumer) drain(ctx context.Context, srv *server) error {
	for {
		got, err := co.receive(ctx, srv, model.Object{"WaitTimeSeconds": streamQueueSettles})
		if err != nil || len(got) == 0 {
			return err
		}
		if err := co.acknowledge(ctx, srv, handlesOf(got)...); err != nil {
			return err
		}
	}
}

func handlesOf(got []queues.Delivery) (out []string) {
	for _, d := range got {
		out = append(out, d.Handle)
	}
	return out
}

// streamConsumer receives from one queue and acknowledges most of what it gets, lets
// some come back, and tries old handles. It is used by one goroutine at a time.
type streamConsumer struct {
	q        *streamQueue
	of       string // in the names of operations: "DeadLetter", or ""
	encoding model.Encoding
	rnd      *rand.Rand
	receives []queues.Receive
	acts     []queues.Act
	old      []string // some handles from before
}

// receive makes one call. The error is of the connection: the outcome is unknown.
func (co *streamConsumer) receive(ctx context.Context, srv *server, in model.Object) ([]queues.Delivery, error) {
	in["QueueARN"] = co.q.arn
	r := queues.Receive{Call: begin(), Visibility: time.Second}
	if seconds, given := in["VisibilityTimeoutSeconds"].(int); given {
		r.Visibility = time.Duration(seconds) * time.Second
	}
	out, err := srv.model(co.encoding).Call(ctx, "Receive"+co.of+"QueueRecords", in)
	end(&r.Call, err)
	if err == nil {
		for _, v := range out["QueueRecords"].([]any) {
			r.Messages = append(r.Messages, recordOf(v.(model.Object)))
		}
	}
	co.receives = append(co.receives, r)
	return r.Messages, err
}

func recordOf(o model.Object) queues.Delivery {
	id, err := history.ParsePayload(o["Data"].([]byte))
	d := queues.Delivery{ID: id, MessageID: o["RecordId"].(string), Handle: o["ReceiptHandle"].(string), Count: o["ReceiveCount"].(int)}
	d.Group, _ = o["PartitionKey"].(string)
	if err != nil {
		d.Damaged = err.Error()
	}
	return d
}

// acknowledge settles records by their handles, in one call.
func (co *streamConsumer) acknowledge(ctx context.Context, srv *server, handles ...string) error {
	return co.act(ctx, srv, "Acknowledge"+co.of+"QueueRecords", nil, handles)
}

// change changes visibilities, in one call.
func (co *streamConsumer) change(ctx context.Context, srv *server, seconds int, handles ...string) error {
	return co.act(ctx, srv, "Update"+co.of+"QueueRecordsVisibility", &seconds, handles)
}

// act makes one call, which acknowledges where it has no seconds.
func (co *streamConsumer) act(ctx context.Context, srv *server, operation string, seconds *int, handles []string) error {
	entries := []any{}
	act := queues.Act{Call: begin(), Delete: seconds == nil}
	for _, h := range handles {
		e := model.Object{"ReceiptHandle": h}
		if seconds != nil {
			e["VisibilityTimeoutSeconds"], act.Visibility = *seconds, time.Duration(*seconds)*time.Second
		}
		entries = append(entries, e)
	}
	out, err := srv.model(co.encoding).Call(ctx, operation, model.Object{"QueueARN": co.q.arn, "Entries": entries})
	end(&act.Call, err)
	var refused []string
	if err == nil {
		for _, v := range out["Failed"].([]any) {
			e := v.(model.Object)
			if e["ErrorCode"] != "InvalidArgumentException" && e["ErrorCode"] != "ResourceNotFoundException" {
				return fmt.Errorf("an entry of %s failed: %v", operation, e)
			}
			refused = append(refused, e["ReceiptHandle"].(string))
		}
		if len(refused)+len(out["Successful"].([]any)) != len(handles) {
			return fmt.Errorf("%s of %d entries: %v", operation, len(handles), out)
		}
	}
	for _, act.Handle = range handles {
		noted := act
		if slices.Contains(refused, act.Handle) {
			noted.Outcome = history.Refused
		}
		co.acts = append(co.acts, noted)
	}
	return err
}

// step receives, and does with what it gets one thing or another.
func (co *streamConsumer) step(ctx context.Context, srv *server) error {
	got, err := co.receive(ctx, srv, model.Object{"Limit": 1 + co.rnd.IntN(10), "VisibilityTimeoutSeconds": co.rnd.IntN(3), "WaitTimeSeconds": 1})
	if err != nil {
		return err
	}
	var done []string
	for _, d := range got {
		switch n := co.rnd.IntN(20); {
		case n < 14:
			done = append(done, d.Handle)
		case n < 17:
			if err := co.change(ctx, srv, co.rnd.IntN(3), d.Handle); err != nil {
				return err
			}
		}
		if co.rnd.IntN(4) == 0 {
			co.old = append(co.old, d.Handle)
		}
	}
	if len(done) > 0 {
		if err := co.acknowledge(ctx, srv, done...); err != nil {
			return err
		}
	}
	if len(co.old) < 20 {
		return nil
	}
	h := co.old[0]
	co.old = co.old[1:]
	if co.rnd.IntN(2) == 0 {
		return co.acknowledge(ctx, srv, h)
	}
	return co.change(ctx, srv, co.rnd.IntN(2), h)
}

// run goes on until ctx ends or the connection breaks.
func (co *streamConsumer) run(ctx context.Context, srv *server) error {
	for ctx.Err() == nil {
		if err := co.step(ctx, srv); err != nil {
			return err
		}
	}
	return nil
}
