package crash

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/model"
)

// streamQueueStep is an operation on a queue of a stream that has records, during
// which the server dies. It is made again after the restart: then it must have been
// carried out once.
type streamQueueStep struct {
	name        string
	maxReceives int
	fresh       bool // the queue is not there before
	prepare     func(ctx context.Context, srv *server, q *streamQueue) error
	// call is made before the kill and again after it.
	call func(ctx context.Context, srv *server, q *streamQueue) error
	// settles says that call settles records, which the second does unless the first
	// did it durably.
	settles bool
	// ends waits for what the server does of itself after the call.
	ends func(ctx context.Context, srv *server, q *streamQueue) error
	// check judges the drained queue; nil: by its history.
	check func(t *testing.T, q *streamQueue)
}

// streamQueueRecords is how many records the stream has.
const streamQueueRecords = 4

var streamQueueSteps = []streamQueueStep{
	{name: "CreateQueue", fresh: true, call: func(ctx context.Context, srv *server, q *streamQueue) error {
		err := q.create(ctx, srv.model(model.JSON))
		if code(err) == "ResourceInUseException" { // a start has completed it
			err = q.wantThere(ctx, srv.model(model.JSON), true)
		}
		return err
	}},
	{
		name: "DeleteQueue",
		call: func(ctx context.Context, srv *server, q *streamQueue) error {
			err := q.delete(ctx, srv.model(model.CBOR))
			if code(err) == "ResourceNotFoundException" {
				err = nil
			}
			return err
		},
		// The name is free, and what comes under it is new.
		ends: func(ctx context.Context, srv *server, q *streamQueue) error {
			if err := q.wantThere(ctx, srv.model(model.CBOR), false); err != nil {
				return err
			}
			return q.create(ctx, srv.model(model.CBOR))
		},
	},
	{name: "ReceiveQueueRecords", call: func(ctx context.Context, srv *server, q *streamQueue) error {
		return q.consumers[0].take(ctx, srv, 1)
	}},
	{
		name: "AcknowledgeQueueRecords", settles: true,
		prepare: func(ctx context.Context, srv *server, q *streamQueue) error {
			return q.consumers[0].take(ctx, srv, 600)
		},
		call: func(ctx context.Context, srv *server, q *streamQueue) error {
			return q.consumers[0].acknowledge(ctx, srv, q.consumers[0].old...)
		},
	},
	{
		name: "RestoreDeadLetterQueueRecords", maxReceives: 1, settles: true,
		prepare: func(ctx context.Context, srv *server, q *streamQueue) error {
			if err := q.consumers[0].take(ctx, srv, 0); err != nil {
				return err
			}
			return q.dead[0].take(ctx, srv, 600)
		},
		call: func(ctx context.Context, srv *server, q *streamQueue) error {
			return q.dead[0].act(ctx, srv, "RestoreDeadLetterQueueRecords", nil, q.dead[0].old)
		},
		check: checkRestored,
	},
}

// take receives all records of the stream for so many seconds, and keeps their
// handles.
func (co *streamConsumer) take(ctx context.Context, srv *server, seconds int) error {
	co.old = nil
	for len(co.old) < streamQueueRecords {
		got, err := co.receive(ctx, srv, model.Object{"VisibilityTimeoutSeconds": seconds, "WaitTimeSeconds": streamQueueSettles})
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return fmt.Errorf("%d of %d records came", len(co.old), streamQueueRecords)
		}
		co.old = append(co.old, handlesOf(got)...)
	}
	return nil
}

// checkRestored wants each record twice, each time the first, and once dead.
func checkRestored(t *testing.T, q *streamQueue) {
	for place, co := range map[int]*streamConsumer{2: q.consumers[0], 1: q.dead[0]} {
		times := map[history.ID]int{}
		for _, r := range co.receives {
			for _, d := range r.Messages {
				times[d.ID]++
				if place == 2 && d.Count != 1 {
					t.Errorf("%s was received for the %dth time", d.ID, d.Count)
				}
			}
		}
		for id, n := range times {
			if n != place {
				t.Errorf("%s was received %d times, want %d", id, n, place)
			}
		}
		if len(times) != streamQueueRecords {
			t.Errorf("%d records were received, want %d", len(times), streamQueueRecords)
		}
	}
}

// TestStreamQueuesKilledAtEachStep kills the server at each pass of each point of
// each operation.
func TestStreamQueuesKilledAtEachStep(t *testing.T) {
	killAtEach(t, points(t, "kinesis.queue."), streamQueueSteps, func(op streamQueueStep) string { return op.name }, streamQueuePasses, killStreamQueueAt)
}

// streamQueueSite starts a server with what an operation needs.
func streamQueueSite(t *testing.T, op streamQueueStep) (*site, *server, *streamQueue) {
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms")
	srv := site.start()
	ctx, c := t.Context(), srv.client()
	_, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String(queued), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}})
	if err == nil {
		_, err = settled(ctx, c, queued)
	}
	w := newWriter(1, queued, 1)
	for range streamQueueRecords {
		if err == nil {
			err = w.put(ctx, c)
		}
	}
	q := newStreamQueue("stepped", queued, op.maxReceives, 1, 1, w)
	if err == nil && !op.fresh {
		err = q.create(ctx, srv.model(model.JSON))
	}
	if err == nil && op.prepare != nil {
		err = op.prepare(ctx, srv, q)
	}
	if err != nil {
		t.Fatal(err)
	}
	return site, srv, q
}

// streamQueuePasses carries out an operation with nothing in its way, and returns
// how often it passes each point.
func streamQueuePasses(t *testing.T, op streamQueueStep) map[string]int {
	site, srv, q := streamQueueSite(t, op)
	defer srv.Kill()
	after := srv.passes(func() {
		if err := op.call(t.Context(), srv, q); err != nil {
			t.Fatal(err)
		}
	})
	if len(after) == 0 {
		t.Errorf("%s passes no point", op.name)
	}
	site.checkStarts()
	return after
}

func killStreamQueueAt(t *testing.T, op streamQueueStep, point string, n int) {
	ctx := t.Context()
	site, srv, q := streamQueueSite(t, op)
	srv.arm(fmt.Sprintf("%s:%d", point, n))
	called := op.call(ctx, srv, q)
	if code(called) != "" {
		t.Fatal(called)
	}
	select {
	case <-srv.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the point was not reached")
	}
	if !srv.Killed() {
		t.Fatalf("the server ended with %v:\n%s", srv.Ended(), srv.Tail(6000))
	}

	srv = site.start()
	err := op.call(ctx, srv, q)
	if err == nil && op.settles {
		err = q.wantSettledBy(strings.HasSuffix(point, ".written"))
	}
	if err == nil && op.ends != nil {
		err = op.ends(ctx, srv, q)
	}
	if err != nil {
		t.Fatalf("after the restart (the first call: %v): %v", called, err)
	}
	// What it came to is no less durable than the rest.
	srv.Kill()
	if err := q.drain(ctx, site.start()); err != nil {
		t.Fatal(err)
	}
	if op.check != nil {
		op.check(t, q)
	} else {
		q.check(t, true)
	}
	site.checkStarts()
}

// wantSettledBy checks that the second of two calls settled all records, or none.
func (q *streamQueue) wantSettledBy(second bool) error {
	want := history.Refused
	if second {
		want = history.Acknowledged
	}
	co := append(q.consumers[:1:1], q.dead...)[len(q.dead)]
	if len(co.acts) != 2*streamQueueRecords {
		return errors.New("there were no two calls")
	}
	for _, a := range co.acts[streamQueueRecords:] {
		if a.Outcome != want {
			return fmt.Errorf("an entry of the second call is %v, want %v", a.Outcome, want)
		}
	}
	return nil
}
