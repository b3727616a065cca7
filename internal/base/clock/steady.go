package clock

import (
	"sync/atomic"
	"time"
)

// Steady is a Clock whose time never runs back, whatever is done to the wall
// clock that it stands on. What is promised for a while (a lease, a delay) keeps
// its length.
//
// Its time is how long the wrapped clock has run, plus the greatest distance
// there ever was between that and the wall clock. So where the wall clock is
//   - not set, both show the same;
//   - set back, steady time goes on from where it was, and is ahead;
//   - set forward, steady time does not move before the wall clock has caught up,
//     and shows the same from there on.
//
// It returns to the wall clock by no other way: it is never slowed down. On Linux
// NTP slews both readings alike; on a system where it slews the wall clock alone,
// a fast crystal leaves steady time ahead by as much.
//
// Timers are those of the wrapped clock.
type Steady struct {
	clock Clock
	start time.Time    // what the wall clock would have shown when it began to run
	lead  atomic.Int64 // the greatest distance from start so far, ns
}

// NewSteady returns the steady time of a clock. It begins at the wall clock, or
// at floor where that is later: the last steady time that was stored, so that a
// restart does not run back either. The zero floor is none.
func NewSteady(c Clock, floor time.Time) *Steady {
	now, ran := c.Elapsed()
	s := &Steady{clock: c, start: now.Round(0).Add(-ran)}
	s.lead.Store(int64(max(floor.Round(0).Sub(now.Round(0)), 0)))
	return s
}

// Now returns a time that is not before any that it returned earlier, in
// whatever goroutine. It has no monotonic reading: differences are of steady time.
func (s *Steady) Now() time.Time {
	now, _ := s.Elapsed()
	return now
}

// Elapsed returns the steady time, and for how long the wrapped clock has run.
func (s *Steady) Elapsed() (now time.Time, ran time.Duration) {
	wall, ran := s.clock.Elapsed()
	lead := int64(wall.Round(0).Sub(s.start) - ran)
	for {
		most := s.lead.Load()
		if lead <= most {
			lead = most
			break
		}
		if s.lead.CompareAndSwap(most, lead) {
			break
		}
	}
	return s.start.Add(time.Duration(lead) + ran), ran
}

// NewTimer returns a timer of the wrapped clock.
func (s *Steady) NewTimer(d time.Duration) Timer { return s.clock.NewTimer(d) }

// AfterFunc calls f in its own goroutine after d by the wrapped clock.
func (s *Steady) AfterFunc(d time.Duration, f func()) Timer { return s.clock.AfterFunc(d, f) }
