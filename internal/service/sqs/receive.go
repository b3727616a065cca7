package sqs

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// asked is what a receive asks for.
type asked struct {
	max        int
	visibility api.Opt[int32] // seconds; the queue's where it is not given
	wait       api.Opt[int32] // seconds; the queue's where it is not given
	attempt    string         // FIFO: the id by which a repeat is known
}

// received is what a receive got.
type received struct {
	desc     *description
	messages []delivered
}

// receive delivers messages of a queue, and waits for some where there are none.
// What it returns is leased durably. A caller that goes away while it waits
// takes nothing.
func (s *Service) receive(ctx context.Context, key queueKey, a asked) (received, error) {
	// A receive writes, but whoever cannot receive cannot delete either.
	write := store.Freeing(ctx)
	var (
		timer    clock.Timer
		deadline int64 // of the wait, ms; 0 before the first attempt
		wt       *inflight.Waiter
		q        *queue
		rc       *receiving
		got      received
	)
	for again := false; ; again = true {
		err := shallow(a.wait.V > 0, func() error {
			return s.update(write, key, func(tx store.Tx, handle *queue, m *memory) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				if wt != nil { // f runs once more
					q.waiting.Drop(wt)
					wt = nil
				}
				var err error
				if rc, err = handle.receiving(ctx, tx, m, &a); err != nil {
					return err
				}
				q = handle
				if err := m.order.receive(tx, rc); err != nil {
					return err
				}
				got = received{m.desc, rc.out}
				if len(rc.out) > 0 {
					fault.Point("sqs.receive.written")
				}
				if deadline == 0 {
					deadline = rc.now + 1000*int64(a.wait.Or(m.desc.Attributes.ReceiveWait))
				}
				if len(rc.out) == 0 && deadline > rc.now && !rc.full {
					wt = q.waiting.Add(again)
				}
				return nil
			})
		})
		if rc != nil && rc.buried {
			s.mover.kick(q.key)
		}
		switch {
		case err != nil:
			if wt != nil {
				q.waiting.Leave(wt)
			}
			return received{}, err
		case len(got.messages) > 0:
			fault.Point("sqs.receive.durable")
			return got, nil
		case rc.full && deadline > rc.now:
			if !s.pause(ctx, min(fullPause, deadline-rc.now)) {
				return got, ctx.Err()
			}
			continue
		case wt == nil:
			if rc.full && !again && !key.fifo() {
				return got, sqsapi.ErrOverLimit.New("Too many messages in flight for queue: %s", key.name)
			}
			return got, nil
		}
		if timer == nil {
			timer = s.o.Clock.NewTimer(time.Duration(deadline-rc.now) * time.Millisecond)
			defer timer.Stop()
		}
		if !q.waiting.Wait(ctx, wt, timer, s.work.Done()) {
			return got, ctx.Err()
		}
		wt = nil
	}
}

// shallow runs f, on a stack of its own where that is asked for: a commit goes
// deep, and the goroutines of ten thousand receives that wait would keep what
// theirs had grown to. A panic of f is the caller's, as it would be without.
func shallow(apart bool, f func() error) (err error) {
	if !apart {
		return f()
	}
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		err = f()
	}()
	<-done
	if panicked != nil {
		panic(panicked)
	}
	return err
}

// fullPause is after how many ms a receive looks again that waits while as many
// messages are in flight as may be: what wakes others would wake it for nothing.
const fullPause = 1000

// pause blocks for a time, in ms, and reports whether it did; if not, the context
// or the service's end cut it short.
func (s *Service) pause(ctx context.Context, ms int64) bool {
	t := s.o.Clock.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
	case <-s.work.Done():
	}
	return false
}

// receiving begins a receive on a queue's memory.
func (q *queue) receiving(ctx context.Context, tx store.Tx, m *memory, a *asked) (*receiving, error) {
	now := q.svc.now()
	rc := &receiving{
		now: now, until: now + 1000*int64(a.visibility.Or(m.desc.Attributes.VisibilityTimeout)), max: a.max,
		attempt: a.attempt, limit: q.svc.o.InFlight, horizon: m.horizon(q.svc),
	}
	if p := m.desc.Attributes.RedrivePolicy; p != nil {
		buries, err := q.svc.buries(ctx, p)
		if err != nil {
			return nil, err
		}
		if buries {
			rc.maxReceives = p.MaxReceives
			rc.dead = func(it inflight.Item) { m.bury(tx, it) }
		}
	}
	return rc, nil
}
