// Package clock is the only source of time for everything that decides
// something by time. Production uses [Real]; tests use a [Fake] and advance it.
//
// All clocks are safe for concurrent use.
package clock

import "time"

// Clock tells the time and makes timers.
type Clock interface {
	// Now returns the current wall-clock time.
	Now() time.Time
	// Elapsed returns the current wall-clock time and, read together with it, how
	// long the clock has run since some moment of its own. The latter never runs
	// back, and setting the wall clock does not change it.
	Elapsed() (now time.Time, ran time.Duration)
	// NewTimer returns a timer whose channel receives once after d.
	NewTimer(d time.Duration) Timer
	// AfterFunc calls f in its own goroutine after d.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a timer of a Clock.
type Timer interface {
	// C is the channel that receives the time; nil for AfterFunc.
	C() <-chan time.Time
	// Stop prevents the timer from firing and reports whether it did so.
	Stop() bool
	// Reset makes the timer fire after d and reports whether it was still running.
	Reset(d time.Duration) bool
}

// Real is the machine's clock.
var Real Clock = realClock{}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

// start is any moment; it has a monotonic reading.
var start = time.Now()

func (realClock) Elapsed() (time.Time, time.Duration) {
	now := time.Now()
	return now, now.Sub(start)
}

func (realClock) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

func (realClock) AfterFunc(d time.Duration, f func()) Timer {
	return realTimer{time.AfterFunc(d, f)}
}

type realTimer struct{ t *time.Timer }

func (r realTimer) C() <-chan time.Time        { return r.t.C }
func (r realTimer) Stop() bool                 { return r.t.Stop() }
func (r realTimer) Reset(d time.Duration) bool { return r.t.Reset(d) }
