//go:build faults

package fault

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestPointKillsAtTheArmedPass(t *testing.T) {
	deaths := 0
	old := die
	die = func() { deaths++ }
	defer func() { die = old }()

	Point("a.b.c")
	if err := Arm("a.b.c:2, other"); err != nil {
		t.Fatal(err)
	}
	for pass, want := range []int{0, 1, 1} {
		if Point("a.b.c"); deaths != want {
			t.Fatalf("after pass %d from arming: %d deaths, want %d", pass+1, deaths, want)
		}
	}
	if got := Passed()["a.b.c"]; got != 4 {
		t.Errorf("passed %d times, want 4", got)
	}
}

func TestArmRefuses(t *testing.T) {
	for _, spec := range []string{"", ":3", "a:0", "a:x", "a,,b"} {
		if err := Arm(spec); err == nil {
			t.Errorf("Arm(%q) was accepted", spec)
		}
	}
}

func TestConfigureHour(t *testing.T) {
	defer func() { hour = time.Hour }()
	env := func(v string) func(string) string {
		return func(k string) string {
			if k == "MILLRACE_FAULT_HOUR" {
				return v
			}
			return ""
		}
	}
	if err := Configure(env("2s")); err != nil || Hour() != 2*time.Second {
		t.Errorf("hour is %v, error %v", Hour(), err)
	}
	if Configure(env("-1s")) == nil || Configure(env("soon")) == nil {
		t.Error("a bad hour was accepted")
	}
}

func TestMovingTheClockFiresWhatIsDue(t *testing.T) {
	base := clock.NewFake(time.Unix(1000, 0))
	c := newMovable(base)
	fired := 0
	c.AfterFunc(time.Hour, func() { fired++ })
	timer := c.NewTimer(2 * time.Hour)
	stopped := c.NewTimer(time.Minute)
	if !stopped.Stop() {
		t.Fatal("a running timer was not stopped")
	}

	c.move(-30 * time.Minute)
	base.Advance(time.Hour)
	if fired != 0 {
		t.Fatal("fired half an hour early: the clock had been moved back")
	}
	base.Advance(30 * time.Minute)
	if fired != 1 {
		t.Fatal("did not fire at its time")
	}
	c.move(time.Hour)
	base.Advance(1)
	select {
	case at := <-timer.C():
		if want := time.Unix(1000, 0).Add(2 * time.Hour); at.Before(want) {
			t.Errorf("fired at %v, want %v", at, want)
		}
	default:
		t.Fatal("a move past the timer's time did not fire it")
	}
	if timer.Reset(time.Minute) {
		t.Error("Reset says that a fired timer was running")
	}
	base.Advance(time.Minute)
	if len(timer.C()) != 1 {
		t.Error("did not fire after Reset")
	}
	select {
	case <-stopped.C():
		t.Error("a stopped timer fired")
	default:
	}
}

func TestMovingTheClockIsNotTimePassing(t *testing.T) {
	base := clock.NewFake(time.Unix(1000, 0))
	c := newMovable(base)
	steady := clock.NewSteady(c, time.Time{})
	for i, step := range []struct{ move, pass, want time.Duration }{
		{-time.Hour, 10 * time.Second, 10 * time.Second},
		{time.Hour, time.Second, 11 * time.Second},
		{time.Minute, 0, 71 * time.Second},
	} {
		c.move(step.move)
		base.Advance(step.pass)
		if got := steady.Now().Sub(time.Unix(1000, 0)); got != step.want {
			t.Errorf("step %d: steady time moved by %v, want %v", i, got, step.want)
		}
	}
}
