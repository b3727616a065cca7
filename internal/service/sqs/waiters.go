package sqs

import (
	"container/list"
	"context"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// waiters are the receives that wait for messages of a queue, longest first. One
// is woken at a time: what it leaves wakes the next. The queue's mutex guards it.
type waiters struct {
	list  list.List   // of *waiter
	timer clock.Timer // to when the next message comes due; nil for none
	at    int64       // when the timer fires, ms
}

// waiter is one receive that waits. woken is closed once, when it is off the
// list.
type waiter struct {
	woken   chan struct{}
	element *list.Element // nil once it was woken
}

// add makes a receive wait. One that was woken for nothing waits first.
func (w *waiters) add(first bool) *waiter {
	wt := &waiter{woken: make(chan struct{})}
	if first {
		wt.element = w.list.PushFront(wt)
	} else {
		wt.element = w.list.PushBack(wt)
	}
	return wt
}

// one wakes the receive that waits longest.
func (w *waiters) one() {
	if e := w.list.Front(); e != nil {
		w.release(e.Value.(*waiter))
	}
}

// all wakes every receive.
func (w *waiters) all() {
	for w.list.Len() > 0 {
		w.one()
	}
}

func (w *waiters) release(wt *waiter) {
	w.drop(wt)
	close(wt.woken)
}

// drop makes a receive wait no more, without waking it.
func (w *waiters) drop(wt *waiter) {
	if wt.element != nil {
		w.list.Remove(wt.element)
		wt.element = nil
	}
}

// wake wakes a receive that waits where there is something for it, or sets the
// timer to when there will be. It is called with the mutex held, after every
// transaction.
func (q *queue) wake(r store.Reader, m *memory) error {
	w := &q.waiting
	if w.list.Len() == 0 {
		return nil
	}
	now := q.svc.now()
	at, ok, err := m.order.ready(r, now)
	switch {
	case err != nil:
		return err
	case !ok:
		w.stop()
	case at <= now:
		w.one()
	default:
		q.arm(at, now)
	}
	return nil
}

// arm sets the timer.
func (q *queue) arm(at, now int64) {
	w := &q.waiting
	if w.timer != nil && w.at == at {
		return
	}
	w.stop()
	w.at = at
	w.timer = q.svc.o.Clock.AfterFunc(time.Duration(at-now)*time.Millisecond, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if w.at == at {
			w.stop()
			w.one()
		}
	})
}

func (w *waiters) stop() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	w.at = 0
}

// wait blocks until the receive is woken, and reports whether it was; if not, the
// timer or the context ended it.
func (q *queue) wait(ctx context.Context, wt *waiter, timer clock.Timer) bool {
	select {
	case <-wt.woken:
		return true
	case <-timer.C():
	case <-ctx.Done():
	case <-q.svc.work.Done():
	}
	q.leave(wt)
	return false
}

// leave ends the wait of a receive that nobody answers. If it was woken already,
// the next one is.
func (q *queue) leave(wt *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if wt.element == nil {
		q.waiting.one()
		return
	}
	q.waiting.drop(wt)
}
