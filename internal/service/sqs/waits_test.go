package sqs

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// await begins a receive that waits, and returns where its outcome comes.
func (r *rig) await(ctx context.Context, url string, seconds int32) <-chan outcomeOfReceive {
	done := make(chan outcomeOfReceive, 1)
	go func() {
		var out sqsapi.ReceiveMessageResult
		err := r.ReceiveMessage(ctx, &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), WaitTimeSeconds: api.Some(seconds)}, &out)
		done <- outcomeOfReceive{out.Messages, err}
	}()
	return done
}

type outcomeOfReceive struct {
	messages []sqsapi.Message
	err      error
}

// untilTimers waits until as many timers run.
func (r *rig) untilTimers(n int) {
	for r.clock.Timers() != n {
		runtime.Gosched()
	}
}

func TestQueueDeletedWhileReceivesWait(t *testing.T) {
	for _, queue := range []string{"s", "s.fifo"} {
		r := newRig(t)
		url := r.create(queue, typeOf(queue))
		ctx := r.ctx(sqsapi.OpReceiveMessage)
		one, two := r.await(ctx, url, 20), r.await(ctx, url, 20)
		r.untilWaiting(queue, 2)
		r.must(r.drop(queue))
		for _, done := range []<-chan outcomeOfReceive{one, two} {
			wantCode(t, (<-done).err, "QueueDoesNotExist")
		}
	}
}

// Short polls are refused while the queue has as many messages in flight as it
// may, long ones wait for one to be settled.
func TestReceiveFromAFullQueue(t *testing.T) {
	for _, queue := range []string{"s", "s.fifo"} {
		r := newRig(t, func(o *Options) { o.InFlight = 1 })
		url := r.create(queue, typeOf(queue))
		for _, s := range []string{"1", "2"} {
			r.send(url, s, typed(url, s), typed(url, s))
		}
		held := r.receive(url, 10)
		r.wantBodies(held, "1 ")
		ctx := r.ctx(sqsapi.OpReceiveMessage)
		short := <-r.await(ctx, url, 0)
		if typed(url, "x") == "" {
			wantRefusal(t, short.err, "OverLimit", "Too many messages in flight for queue: s")
		} else if short.err != nil || len(short.messages) > 0 {
			t.Errorf("a FIFO queue that is full answers %v, %v", short.messages, short.err)
		}

		timers := 1 // the sweep's
		r.untilTimers(timers)
		long := r.await(ctx, url, 20)
		r.untilTimers(timers + 1)
		r.must(r.delete(url, held[0]))
		r.clock.Advance(time.Second)
		got := <-long
		r.must(got.err)
		r.wantBodies(got.messages, "2 ")

		r.send(url, "3", typed(url, "3"), typed(url, "3"))
		long = r.await(ctx, url, 2)
		for range 2 {
			r.untilTimers(timers + 1)
			r.clock.Advance(time.Second)
		}
		if got := <-long; got.err != nil || len(got.messages) > 0 {
			t.Errorf("a long receive from a queue that stays full got %v, %v", got.messages, got.err)
		}

		gone, leave := context.WithCancel(ctx)
		long = r.await(gone, url, 20)
		r.untilTimers(timers + 1)
		leave()
		if got := <-long; !errors.Is(got.err, context.Canceled) {
			t.Errorf("a caller that left got %v, %v", got.messages, got.err)
		}
	}
}

// A receive whose commit fails stops waiting.
func TestWaitEndsWithItsReceive(t *testing.T) {
	r := newRig(t, func(o *Options) { o.SweepInterval = time.Hour }) // the receive shall meet what has expired
	url := r.create("s", map[string]string{"MessageRetentionPeriod": "60"})
	r.send(url, "old", "", "")
	r.clock.Advance(time.Minute + time.Second)
	r.store.FailCommits(store.ErrUnknownOutcome, 1, memstore.Dropped)
	ctx := r.ctx(sqsapi.OpReceiveMessage)
	if got := <-r.await(ctx, url, 20); !errors.Is(got.err, store.ErrUnknownOutcome) {
		t.Fatalf("received %v, %v", got.messages, got.err)
	}
	if q := r.queue(testKey("s")); q.waiting.Len() != 0 {
		t.Error("a receive that is over waits for messages still")
	}
	one := r.await(ctx, url, 20)
	r.untilWaiting("s", 1)
	r.send(url, "new", "", "")
	r.wantBodies((<-one).messages, "new ")
}

// A caller that goes away while it waits takes nothing.
func TestCallerLeavesWhileItWaits(t *testing.T) {
	r := newRig(t)
	url := r.create("s", nil)
	ctx, leave := context.WithCancel(r.ctx(sqsapi.OpReceiveMessage))
	first := r.await(ctx, url, 20)
	r.untilWaiting("s", 1)
	second := r.await(r.ctx(sqsapi.OpReceiveMessage), url, 20)
	r.untilWaiting("s", 2)
	leave()
	if got := <-first; !errors.Is(got.err, context.Canceled) || len(got.messages) > 0 {
		t.Errorf("got %v, %v", got.messages, got.err)
	}
	r.send(url, "m", "", "")
	r.wantBodies((<-second).messages, "m ")
}
