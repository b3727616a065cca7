//go:build faults

package fault

import (
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// movableClock runs at the pace of another clock, at a distance that can be
// changed. Its timers are due by its own time: a move of an hour fires those of
// the next hour.
type movableClock struct {
	base clock.Clock

	mu     sync.Mutex
	offset time.Duration
	timers map[*movableTimer]struct{} // the running ones
}

func newMovable(base clock.Clock) *movableClock {
	return &movableClock{base: base, timers: map[*movableTimer]struct{}{}}
}

func (c *movableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// Elapsed returns the moved time, and for how long the base has run.
func (c *movableClock) Elapsed() (time.Time, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, ran := c.base.Elapsed()
	return now.Round(0).Add(c.offset), ran
}

// now strips the monotonic reading, so that differences follow the moves.
func (c *movableClock) now() time.Time { return c.base.Now().Round(0).Add(c.offset) }

func (c *movableClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	for t := range c.timers {
		t.under.Reset(soonest(t.at.Sub(c.now())))
	}
}

// soonest keeps a timer of the base from firing inside the call that starts it,
// which is made under the lock.
func soonest(d time.Duration) time.Duration { return max(d, 1) }

func (c *movableClock) NewTimer(d time.Duration) clock.Timer {
	ch := make(chan time.Time, 1)
	return c.start(d, ch, func() {
		select {
		case ch <- c.Now():
		default:
		}
	})
}

func (c *movableClock) AfterFunc(d time.Duration, f func()) clock.Timer {
	return c.start(d, nil, f)
}

func (c *movableClock) start(d time.Duration, ch chan time.Time, f func()) *movableTimer {
	t := &movableTimer{clock: c, c: ch}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.at = c.now().Add(d)
	c.timers[t] = struct{}{}
	t.under = c.base.AfterFunc(soonest(d), func() {
		c.mu.Lock()
		_, running := c.timers[t]
		delete(c.timers, t)
		c.mu.Unlock()
		if running {
			f()
		}
	})
	return t
}

type movableTimer struct {
	clock *movableClock
	c     chan time.Time
	under clock.Timer
	at    time.Time
}

func (t *movableTimer) C() <-chan time.Time { return t.c }

func (t *movableTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

func (t *movableTimer) stop() bool {
	_, running := t.clock.timers[t]
	delete(t.clock.timers, t)
	t.under.Stop()
	// As time.Timer since Go 1.23: no value from before the stop is received after it.
	select {
	case <-t.c:
	default:
	}
	return running
}

func (t *movableTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	running := t.stop()
	t.at = t.clock.now().Add(d)
	t.clock.timers[t] = struct{}{}
	t.under.Reset(soonest(d))
	return running
}
