package clock

import (
	"slices"
	"sync"
	"time"
)

// Fake is a clock that stands still until it is told to move.
type Fake struct {
	mu     sync.Mutex
	now    time.Time
	ran    time.Duration // what Advance moved it by
	timers []*fakeTimer
}

// NewFake returns a clock that shows now.
func NewFake(now time.Time) *Fake { return &Fake{now: now} }

// Now returns the time that the clock shows.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Elapsed returns the time that the clock shows, and by how much Advance has
// moved it in all.
func (f *Fake) Elapsed() (now time.Time, ran time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now, f.ran
}

// Set moves the clock to t, forwards or back, without firing anything before
// its time. It is what a person does who sets a clock: no time passes.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	f.now = t
	f.mu.Unlock()
	f.Advance(0)
}

// Advance moves the clock by d and fires, in the order of their times, the
// timers that are due. Functions of AfterFunc run before Advance returns.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	end := f.now.Add(d)
	for {
		t := f.next(end)
		if t == nil {
			break
		}
		if t.at.After(f.now) {
			f.pass(t.at)
		}
		t.running = false
		now := f.now
		f.mu.Unlock()
		t.fire(now)
		f.mu.Lock()
	}
	f.pass(end)
	f.mu.Unlock()
}

// pass lets time pass until the clock shows t. f.mu is held.
func (f *Fake) pass(t time.Time) {
	f.ran += max(t.Sub(f.now), 0)
	f.now = t
}

// next removes and returns the earliest timer that is due by end.
func (f *Fake) next(end time.Time) *fakeTimer {
	best := -1
	for i, t := range f.timers {
		if !t.at.After(end) && (best < 0 || t.at.Before(f.timers[best].at)) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	t := f.timers[best]
	f.timers = slices.Delete(f.timers, best, best+1)
	return t
}

// NewTimer returns a timer that fires when the clock has moved by d.
func (f *Fake) NewTimer(d time.Duration) Timer {
	c := make(chan time.Time, 1)
	return f.start(d, c, func(now time.Time) {
		select {
		case c <- now:
		default:
		}
	})
}

// AfterFunc calls fn when the clock has moved by d.
func (f *Fake) AfterFunc(d time.Duration, fn func()) Timer {
	return f.start(d, nil, func(time.Time) { fn() })
}

// Timers returns how many timers are running, so that a test can wait until
// the code under test has armed the one it means to fire.
func (f *Fake) Timers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.timers)
}

func (f *Fake) start(d time.Duration, c chan time.Time, fire func(time.Time)) Timer {
	t := &fakeTimer{clock: f, c: c, fire: fire}
	t.Reset(d)
	return t
}

type fakeTimer struct {
	clock   *Fake
	c       chan time.Time
	fire    func(time.Time)
	at      time.Time
	running bool
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

func (t *fakeTimer) stop() bool {
	was := t.running
	t.running = false
	t.clock.timers = slices.DeleteFunc(t.clock.timers, func(o *fakeTimer) bool { return o == t })
	return was
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	was := t.stop()
	t.at = t.clock.now.Add(d)
	t.running = d > 0
	if t.running {
		t.clock.timers = append(t.clock.timers, t)
	}
	now := t.clock.now
	t.clock.mu.Unlock()
	if d <= 0 {
		t.fire(now)
	}
	return was
}
