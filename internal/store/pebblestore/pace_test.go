package pebblestore

import (
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestPaceSlowsDownEvenly(t *testing.T) {
	if r := paceRate(0); r != 0 {
		t.Errorf("without layers: %v", r)
	}
	if r := paceRate(paceLow); r != 0 {
		t.Errorf("at the lower bound: %v", r)
	}
	last := paceFastest
	for n := paceLow + 1; n <= paceHigh+10; n++ {
		r := paceRate(n)
		if r > last || r < paceSlowest || last-r > paceFastest/(paceHigh-paceLow) {
			t.Fatalf("at %d layers: %v after %v", n, r, last)
		}
		last = r
	}
	if last != paceSlowest {
		t.Errorf("beyond the upper bound: %v", last)
	}
}

// A writer waits while there are too many layers, looks again each time, and is
// not held up once there are few.
func TestPaceWaits(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	layers, looks := paceHigh, 0
	closing := make(chan struct{})
	p := pace{clock: c, closing: closing, sublevels: func() int { looks++; return layers }}
	p.wait(paceLook - 1)
	if looks != 0 {
		t.Fatal("level 0 is looked at for each write")
	}
	done := make(chan struct{})
	write := func(bytes int) {
		go func() {
			p.wait(bytes)
			done <- struct{}{}
		}()
	}
	write(paceSlowest / 2)
	waitTimer(c)
	c.Advance(500*time.Millisecond - 1)
	select {
	case <-done:
		t.Fatal("it waited less than its bytes take")
	default:
	}
	c.Advance(1)
	<-done
	layers = 0
	p.wait(1)
	if looks != 2 {
		t.Errorf("%d looks, want one for each write that waited", looks)
	}
	layers = paceHigh
	write(1 << 30)
	waitTimer(c)
	close(closing)
	<-done
}

// waitTimer waits until someone waits for the clock.
func waitTimer(c *clock.Fake) {
	for c.Timers() == 0 {
		runtime.Gosched()
	}
}
