package inflight

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// Waiters are the receives that wait for something of a queue, longest first. One
// is woken at a time: what it leaves wakes the next. The zero value has none. It
// is safe for concurrent use, and its lock is the innermost.
type Waiters struct {
	mu    sync.Mutex
	list  list.List   // of *Waiter
	timer clock.Timer // to when the next thing comes due; nil for none
	at    int64       // when the timer fires, ms
}

// Waiter is one receive that waits.
type Waiter struct {
	woken   chan struct{} // closed once, when it is off the list
	element *list.Element // nil once it is off the list
}

// Add makes a receive wait. One that was woken for nothing waits first.
func (w *Waiters) Add(first bool) *Waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	wt := &Waiter{woken: make(chan struct{})}
	if first {
		wt.element = w.list.PushFront(wt)
	} else {
		wt.element = w.list.PushBack(wt)
	}
	return wt
}

// Len returns how many receives wait.
func (w *Waiters) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.list.Len()
}

// Wake wakes the receive that waits longest.
func (w *Waiters) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wake()
}

func (w *Waiters) wake() {
	if e := w.list.Front(); e != nil {
		wt := e.Value.(*Waiter)
		w.drop(wt)
		close(wt.woken)
	}
}

// WakeAll wakes every receive.
func (w *Waiters) WakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.list.Len() > 0 {
		w.wake()
	}
}

// Drop makes a receive wait no more that is about to look again itself.
func (w *Waiters) Drop(wt *Waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop(wt)
}

func (w *Waiters) drop(wt *Waiter) {
	if wt.element != nil {
		w.list.Remove(wt.element)
		wt.element = nil
	}
	if w.list.Len() == 0 {
		w.disarm()
	}
}

// WakeAt wakes a receive at a time, in milliseconds since 1970: at once where it
// is not after now. It takes the place of the time that was set before.
func (w *Waiters) WakeAt(c clock.Clock, at, now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.list.Len() == 0:
	case at <= now:
		w.wake()
	case w.timer == nil || w.at != at:
		w.disarm()
		w.at = at
		w.timer = c.AfterFunc(time.Duration(at-now)*time.Millisecond, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.at == at {
				w.disarm()
				w.wake()
			}
		})
	}
}

// WakeNever takes back what WakeAt set.
func (w *Waiters) WakeNever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disarm()
}

func (w *Waiters) disarm() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	w.at = 0
}

// Wait blocks until the receive is woken, and reports whether it was; if not, the
// timer, the context or stop ended it. A wake-up that comes to nobody goes on to
// the next.
func (w *Waiters) Wait(ctx context.Context, wt *Waiter, timer clock.Timer, stop <-chan struct{}) bool {
	select {
	case <-wt.woken:
		return true
	case <-timer.C():
	case <-ctx.Done():
	case <-stop:
	}
	w.Leave(wt)
	return false
}

// Leave ends a receive that goes away. If it was woken, the next one is.
func (w *Waiters) Leave(wt *Waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wt.element == nil {
		w.wake()
	} else {
		w.drop(wt)
	}
}
