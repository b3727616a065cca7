package inflight

import (
	"context"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func (wt *Waiter) awake() bool {
	select {
	case <-wt.woken:
		return true
	default:
		return false
	}
}

func TestWaitersWakeOneAtATime(t *testing.T) {
	var w Waiters
	a, b, c := w.Add(false), w.Add(false), w.Add(true) // c was woken for nothing before
	w.Drop(a)
	w.Wake()
	if !c.awake() || a.awake() || b.awake() {
		t.Error("the first is not the one that is woken")
	}
	d := w.Add(false)
	w.WakeAll()
	if !b.awake() || !d.awake() || a.awake() || w.Len() != 0 {
		t.Error("not all were woken")
	}
	w.Wake() // nobody
}

func TestWaitersWakeAtATime(t *testing.T) {
	var w Waiters
	fake := clock.NewFake(time.UnixMilli(1000))
	w.WakeAt(fake, 2000, 1000)
	if fake.Timers() != 0 {
		t.Error("a timer runs while nobody waits")
	}
	a, b := w.Add(false), w.Add(false)
	w.WakeAt(fake, 3000, 1000)
	w.WakeAt(fake, 2000, 1000)
	fake.Advance(time.Second)
	if !a.awake() || b.awake() || fake.Timers() != 0 {
		t.Error("one is to be woken, in time")
	}
	w.WakeAt(fake, 3000, 2000)
	w.WakeNever()
	fake.Advance(time.Second)
	if b.awake() {
		t.Error("what was taken back woke one")
	}
	w.WakeAt(fake, 3000, 3000)
	if !b.awake() {
		t.Error("what is due wakes nobody")
	}
	w.WakeAt(fake, 4000, 3000)
	if fake.Timers() != 0 {
		t.Error("a timer runs while nobody waits")
	}
}

func TestAWakeUpIsNotLost(t *testing.T) {
	var w Waiters
	fake := clock.NewFake(time.UnixMilli(0))
	timer := fake.NewTimer(time.Hour)
	a, b := w.Add(false), w.Add(false)
	gone, leave := context.WithCancel(t.Context())
	leave()
	w.mu.Lock()
	w.drop(a) // woken, as Wait is about to see that its caller has gone
	w.mu.Unlock()
	if w.Wait(gone, a, timer, nil) || !b.awake() {
		t.Error("the wake-up of one who went away came to nobody")
	}
	c := w.Add(false)
	if w.Wait(gone, c, timer, nil) || w.Len() != 0 {
		t.Error("who went away still waits")
	}
	d := w.Add(false)
	w.Wake()
	if !w.Wait(t.Context(), d, timer, nil) {
		t.Error("who was woken does not know")
	}
}
