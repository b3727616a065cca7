package kinesis

import (
	"context"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// retryDelay is how long a transition waits that failed.
const retryDelay = time.Second

// transitions carries out what a stream or a queue has before it, each at its
// time. What is due is stored; only the timer is here.
type transitions struct {
	svc  *Service
	of   string                          // the ARN, for the log
	once func(ctx context.Context) error // carries out what is due, and arms for what follows

	running sync.Mutex // held while transitions are carried out

	mu    sync.Mutex
	timer clock.Timer
	at    time.Time
}

// arm sets the timer to a time; zero for none.
func (t *transitions) arm(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.Equal(t.at) || t.svc.work.Closed() {
		return
	}
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	t.at = at
	if at.IsZero() {
		return
	}
	delay := max(at.Sub(t.svc.o.Clock.Now()), 0)
	// A timer that is due already must not run inside the caller's locks.
	t.timer = t.svc.o.Clock.AfterFunc(max(delay, time.Millisecond), func() { t.svc.work.Go(t.run) })
}

func (t *transitions) disarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
	}
}

// run carries out the transitions that are due. What fails is tried again.
func (t *transitions) run(ctx context.Context) {
	t.running.Lock()
	defer t.running.Unlock()
	t.mu.Lock()
	t.at = time.Time{} // the timer has fired
	t.mu.Unlock()
	if err := t.once(store.Freeing(ctx)); err != nil && ctx.Err() == nil {
		t.svc.o.Logger.Warn("a transition failed and is tried again", "of", t.of, "error", err)
		t.arm(t.svc.o.Clock.Now().Add(retryDelay))
	}
}

// settle carries out what is due, where transitions take no time, and returns
// after one attempt. The work is the service's and not the caller's, who may go
// away.
func (t *transitions) settle(ctx context.Context) {
	done := make(chan struct{})
	t.svc.work.Go(func(ctx context.Context) {
		defer close(done)
		t.run(ctx)
	})
	select {
	case <-done:
	case <-ctx.Done():
	case <-t.svc.work.Done():
	}
}
