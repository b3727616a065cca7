package crash

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/millrace/millrace/test/crash/history"
)

// queueStep is an operation on a queue, during which the server dies. What it
// leaves must be an operation that was carried out or one that was not; where it
// is made again, one that was carried out once.
type queueStep struct {
	name    string
	queue   func() *queue
	prepare func(ctx context.Context, c *sqs.Client, q *queue) error
	fresh   bool // the queue is not there before
	// call is made before the kill and again after it.
	call func(ctx context.Context, c *sqs.Client, q *queue) error
	// ends waits for what the server does of itself after the call.
	ends func(ctx context.Context, c *sqs.Client, q *queue) error
	// done says what is wrong once it was carried out.
	done func(ctx context.Context, c *sqs.Client, q *queue) error
	// check judges the drained queue; nil: by its history.
	check func(t *testing.T, q *queue)
}

func steppedQueue() *queue     { return stepOf("stepped") }
func steppedFIFOQueue() *queue { return stepOf("stepped.fifo") }

func stepOf(name string) *queue {
	q := newQueue(name, region).used(1, 1, 1)
	q.settles, q.senders[0].even = 1200*time.Millisecond, true
	return q
}

// failingQueue sets aside what was received once.
func failingQueue(name, dead string) func() *queue {
	return func() *queue { return stepOf(name).redrives(1, stepOf(dead)) }
}

func sendOnce(ctx context.Context, c *sqs.Client, q *queue) error { return q.senders[0].send(ctx, c) }

func sendSome(ctx context.Context, c *sqs.Client, q *queue) error {
	for range 3 {
		if err := q.senders[0].send(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// sendAndReceive has one message leased for a while that no test awaits.
func sendAndReceive(ctx context.Context, c *sqs.Client, q *queue) error {
	if err := sendSome(ctx, c, q); err != nil {
		return err
	}
	got, err := q.consumers[0].receive(ctx, c, &sqs.ReceiveMessageInput{VisibilityTimeout: 600})
	if err == nil && len(got) != 1 {
		err = fmt.Errorf("received %d messages", len(got))
	}
	if err == nil {
		q.consumers[0].old = []string{got[0].Handle}
	}
	return err
}

func deleteOld(ctx context.Context, c *sqs.Client, q *queue) error {
	return q.consumers[0].delete(ctx, c, q.consumers[0].old[0])
}

func changeOld(ctx context.Context, c *sqs.Client, q *queue) error {
	return q.consumers[0].change(ctx, c, q.consumers[0].old[0], 1)
}

// receiveAgain receives under one attempt id, and counts on nobody else.
func receiveAgain(ctx context.Context, c *sqs.Client, q *queue) error {
	out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: 10, ReceiveRequestAttemptId: aws.String("attempt")})
	if err == nil && len(out.Messages) == 0 {
		err = errors.New("an attempt got nothing")
	}
	return err
}

func receiveOne(ctx context.Context, c *sqs.Client, q *queue) error {
	_, err := q.consumers[0].receive(ctx, c, &sqs.ReceiveMessageInput{})
	return err
}

// bury has a message received once, and given back at once.
func bury(ctx context.Context, c *sqs.Client, q *queue) error {
	if err := sendSome(ctx, c, q); err != nil {
		return err
	}
	got, err := q.consumers[0].receive(ctx, c, &sqs.ReceiveMessageInput{MaxNumberOfMessages: 10})
	for _, m := range got {
		if err == nil {
			err = q.consumers[0].change(ctx, c, m.Handle, 0)
		}
	}
	return err
}

// wantDead waits until the dead-letter queue has some.
func wantDead(ctx context.Context, c *sqs.Client, q *queue) error {
	var n int
	var err error
	poll(ctx, 10*time.Second, func() bool {
		n, err = q.dead.depth(ctx, c)
		return err != nil || n > 0
	})
	if err == nil && n == 0 {
		err = errors.New("no dead letter has come")
	}
	return err
}

// buryAll waits until all that were sent are dead letters.
func buryAll(ctx context.Context, c *sqs.Client, q *queue) error {
	for _, f := range []func(context.Context, *sqs.Client, *queue) error{bury, receiveOne, wantDead} {
		if err := f(ctx, c, q); err != nil {
			return err
		}
	}
	return wantDepth(ctx, c, q.dead, len(q.senders[0].sends))
}

// wantDepth waits until a queue has so many messages.
func wantDepth(ctx context.Context, c *sqs.Client, q *queue, want int) error {
	var n int
	var err error
	poll(ctx, 10*time.Second, func() bool {
		n, err = q.depth(ctx, c)
		return err != nil || n == want
	})
	if err == nil && n != want {
		err = fmt.Errorf("%s has %d messages, want %d", q.name, n, want)
	}
	return err
}

func moveBack(ctx context.Context, c *sqs.Client, q *queue) error {
	arn := fmt.Sprintf("arn:aws:sqs:%s:000000000000:%s", q.region, q.dead.name)
	_, err := c.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &arn})
	if code(err) == "InvalidParameterValue" && strings.Contains(err.Error(), "already a task running") {
		err = nil // it goes on after the kill
	}
	return err
}

// wantMoved waits until all that were sent are where they were sent to.
func wantMoved(ctx context.Context, c *sqs.Client, q *queue) error {
	if err := wantDepth(ctx, c, q.dead, 0); err != nil {
		return err
	}
	return wantDepth(ctx, c, q, len(q.senders[0].sends))
}

// checkMoved: each message that was sent was deleted once, after it had been a
// dead letter. Their history is none of Check's: they have new ids.
func checkMoved(t *testing.T, q *queue) {
	deleted := map[string]int{}
	for _, a := range q.consumers[0].acts {
		if a.Delete && a.Outcome == history.Acknowledged {
			deleted[a.Handle]++
		}
	}
	times := map[history.ID]int{}
	for _, r := range q.consumers[0].receives {
		for _, m := range r.Messages {
			if times[m.ID] += deleted[m.Handle]; m.Damaged != "" {
				t.Errorf("%s: %s", m.ID, m.Damaged)
			}
		}
	}
	for _, s := range q.senders[0].sends {
		if times[s.ID] != 1 {
			t.Errorf("%s was there %d times after the move", s.ID, times[s.ID])
		}
	}
	if n := len(q.dead.consumers[0].acts); n > 0 {
		t.Errorf("%d messages stayed dead letters", n)
	}
}

var queueSteps = []queueStep{
	{
		name: "CreateQueue", queue: steppedQueue, fresh: true,
		call: func(ctx context.Context, c *sqs.Client, q *queue) error { return q.create(ctx, c) },
		done: sendSome,
	},
	{
		name: "DeleteQueue", queue: steppedQueue, prepare: sendSome,
		call: func(ctx context.Context, c *sqs.Client, q *queue) error {
			_, err := c.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.url})
			if noQueue(err) {
				err = nil
			}
			return err
		},
		// The name is free, and what comes under it is new: its senders are.
		done: func(ctx context.Context, c *sqs.Client, q *queue) error {
			q.senders, q.consumers = nil, nil
			q.used(1, 1, 100)
			q.senders[0].even = true
			if err := q.create(ctx, c); err != nil {
				return err
			}
			return sendSome(ctx, c, q)
		},
	},
	{name: "SendMessage", queue: steppedQueue, call: sendOnce},
	{name: "SendMessage-fifo", queue: steppedFIFOQueue, call: sendOnce},
	{name: "ReceiveMessage", queue: steppedQueue, prepare: sendSome, call: receiveOne},
	{name: "ReceiveMessage-fifo", queue: steppedFIFOQueue, prepare: sendSome, call: receiveOne},
	{name: "DeleteMessage", queue: steppedQueue, prepare: sendAndReceive, call: deleteOld},
	{name: "DeleteMessage-fifo", queue: steppedFIFOQueue, prepare: sendAndReceive, call: deleteOld},
	{name: "ChangeMessageVisibility", queue: steppedQueue, prepare: sendAndReceive, call: changeOld},
	{name: "ChangeMessageVisibility-fifo", queue: steppedFIFOQueue, prepare: sendAndReceive, call: changeOld},
	{name: "dead letters", queue: failingQueue("failing", "dead"), prepare: bury, call: receiveOne, ends: wantDead},
	{name: "dead letters-fifo", queue: failingQueue("failing.fifo", "dead.fifo"), prepare: bury, call: receiveOne, ends: wantDead},
	{name: "StartMessageMoveTask", queue: failingQueue("failing", "dead"), prepare: buryAll, call: moveBack, ends: wantMoved, check: checkMoved},
	{name: "StartMessageMoveTask-fifo", queue: failingQueue("failing.fifo", "dead.fifo"), prepare: buryAll, call: moveBack, ends: wantMoved, check: checkMoved},
}

// noQueue reports whether an error says that there is no such queue.
func noQueue(err error) bool {
	return code(err) == "QueueDoesNotExist" || code(err) == "AWS.SimpleQueueService.NonExistentQueue"
}

// TestQueuesKilledAtEachStep kills the server at each pass of each point of each
// operation. After the restart the operation is made again, and what the queue
// delivers must be what one operation leaves.
func TestQueuesKilledAtEachStep(t *testing.T) {
	killAtEach(t, points(t, "sqs."), queueSteps, func(op queueStep) string { return op.name }, queuePasses, killQueueAt)
}

// queueStepSite starts a server with what an operation needs.
func queueStepSite(t *testing.T, op queueStep) (*site, *server, *queue) {
	site := newSite(t, "--min-free=0", "--queue-cooldown=0s")
	srv := site.start()
	q := op.queue()
	ctx, c := t.Context(), srv.queues(region)
	if q.dead != nil {
		if err := q.dead.create(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if !op.fresh {
		if err := q.create(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if op.prepare != nil {
		if err := op.prepare(ctx, c, q); err != nil {
			t.Fatal(err)
		}
	}
	return site, srv, q
}

// queuePasses carries out an operation with nothing in its way, and returns how
// often it passes each point.
func queuePasses(t *testing.T, op queueStep) map[string]int {
	site, srv, q := queueStepSite(t, op)
	defer srv.Kill()
	ctx, c := t.Context(), srv.queues(region)
	after := srv.passes(func() {
		if err := op.call(ctx, c, q); err != nil {
			t.Fatal(err)
		}
		if op.ends != nil {
			if err := op.ends(ctx, c, q); err != nil {
				t.Fatal(err)
			}
		}
	})
	if len(after) == 0 {
		t.Errorf("%s passes no point", op.name)
	}
	for point := range after {
		if op.ends != nil { // it does that in as many parts as it likes, one at least
			after[point] = 1
		}
	}
	site.checkStarts()
	return after
}

func killQueueAt(t *testing.T, op queueStep, point string, n int) {
	ctx := t.Context()
	site, srv, q := queueStepSite(t, op)
	srv.arm(fmt.Sprintf("%s:%d", point, n))
	called := op.call(ctx, srv.queues(region), q)
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
	c := srv.queues(region)
	for _, f := range []func(context.Context, *sqs.Client, *queue) error{op.call, op.ends, op.done} {
		if f == nil {
			continue
		}
		if err := f(ctx, c, q); err != nil {
			t.Fatalf("after the restart (the first call: %v): %v", called, err)
		}
	}
	// What it came to is no less durable than the rest.
	srv.Kill()
	c = site.start().queues(region)
	if err := q.drain(ctx, c); err != nil {
		t.Fatal(err)
	}
	if op.check != nil {
		op.check(t, q)
	} else {
		q.check(t, true)
	}
	site.checkStarts()
}

// TestAttemptIsRepeatedAcrossAKill: a receive of a FIFO queue whose answer a kill
// took can be made again under its id, and gets at once what it got.
func TestAttemptIsRepeatedAcrossAKill(t *testing.T) {
	for _, point := range []string{"sqs.receive.written", "sqs.receive.durable"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			site, srv, q := queueStepSite(t, queueStep{queue: steppedFIFOQueue, prepare: sendSome})
			srv.arm(point)
			if err := receiveAgain(ctx, srv.queues(region), q); err == nil || code(err) != "" {
				t.Fatalf("the server should have died: %v", err)
			}
			<-srv.Done()
			if err := receiveAgain(ctx, site.start().queues(region), q); err != nil {
				t.Error(err)
			}
		})
	}
}
