package clock_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestSteady(t *testing.T) {
	type step struct {
		name string
		do   func(*clock.Fake)
		want time.Duration // of steady time since noon
	}
	advance := func(d time.Duration) func(*clock.Fake) { return func(f *clock.Fake) { f.Advance(d) } }
	set := func(d time.Duration) func(*clock.Fake) { return func(f *clock.Fake) { f.Set(noon.Add(d)) } }
	const s, h = time.Second, time.Hour
	for _, c := range []struct {
		name  string
		floor time.Time
		steps []step
	}{
		{"follows the clock", time.Time{}, []step{
			{"at first", advance(0), 0}, {"advance", advance(30 * s), 30 * s}, {"forward", set(h), h},
		}},
		{"set back", time.Time{}, []step{
			{"back", set(-h), 0}, {"on", advance(10 * s), 10 * s}, {"back again", set(-2 * h), 10 * s}, {"on again", advance(s), 11 * s},
		}},
		{"absorbed", time.Time{}, []step{
			{"back", set(-h), 0}, {"on", advance(10 * s), 10 * s},
			{"forward a little", set(-s), 10 * s}, {"on behind", advance(3 * s), 13 * s},
			{"level", set(13 * s), 13 * s}, {"on together", advance(s), 14 * s}, {"forward past", set(20 * s), 20 * s},
		}},
		{"floor ahead", noon.Add(h), []step{
			{"at first", advance(0), h}, {"on", advance(s), h + s}, {"forward past", set(2 * h), 2 * h},
		}},
		{"floor behind", noon.Add(-h), []step{{"at first", advance(0), 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := clock.NewFake(noon)
			steady := clock.NewSteady(fake, c.floor)
			for _, step := range c.steps {
				step.do(fake)
				if got := steady.Now().Sub(noon); got != step.want {
					t.Errorf("%s: %v past noon, want %v", step.name, got, step.want)
				}
			}
		})
	}
}

// TestSteadyUnseen: a step that nobody looked at on the way still counts for what
// passed around it.
func TestSteadyUnseen(t *testing.T) {
	fake := clock.NewFake(noon)
	steady := clock.NewSteady(fake, time.Time{})
	fake.Advance(5 * time.Second)
	fake.Set(noon.Add(-time.Hour))
	fake.Advance(7 * time.Second)
	if got := steady.Now().Sub(noon); got != 12*time.Second {
		t.Errorf("%v past noon, want 12s", got)
	}
}

func TestSteadyProperties(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		random := func() time.Duration { return time.Duration(r.Int64N(int64(time.Minute))) }
		fake := clock.NewFake(noon)
		floor := noon.Add(random() - 30*time.Second)
		steady := clock.NewSteady(fake, floor)
		last := steady.Now()
		if last.Before(floor) || last.Before(noon) {
			t.Fatalf("seed %d: begins at %v, floor %v", seed, last, floor)
		}
		for i := range 300 {
			ahead := last.Sub(fake.Now())
			if r.IntN(2) == 0 {
				d := random()
				fake.Advance(d)
				if got := steady.Now().Sub(last); got != d {
					t.Fatalf("seed %d step %d: advanced %v for %v", seed, i, got, d)
				}
			} else {
				to := time.Duration(r.Int64N(int64(2*time.Minute))) - time.Minute
				fake.Set(fake.Now().Add(to))
				if got, want := steady.Now().Sub(last), max(to-ahead, 0); got != want {
					t.Fatalf("seed %d step %d: %v ahead, set by %v, moved %v, want %v", seed, i, ahead, to, got, want)
				}
			}
			last = steady.Now()
		}
	}
}

func TestSteadyReal(t *testing.T) {
	steady := clock.NewSteady(clock.Real, time.Time{})
	before := time.Now().Round(0)
	if now := steady.Now(); now.Sub(before).Abs() > time.Minute {
		t.Errorf("steady %v, wall %v", now, before)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := steady.Now()
			for range 20_000 {
				now := steady.Now()
				if now.Before(last) {
					t.Errorf("%v after %v", now, last)
					return
				}
				last = now
			}
		})
	}
	wg.Wait()
}

func TestSteadyTimers(t *testing.T) {
	fake := clock.NewFake(noon)
	steady := clock.NewSteady(fake, time.Time{})
	timer := steady.NewTimer(time.Second)
	called := false
	steady.AfterFunc(2*time.Second, func() { called = true })
	fake.Advance(2 * time.Second)
	select {
	case <-timer.C():
	default:
		t.Error("the timer did not fire")
	}
	if !called {
		t.Error("the function was not called")
	}
}

func BenchmarkSteadyNow(b *testing.B) {
	steady := clock.NewSteady(clock.Real, time.Time{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			steady.Now()
		}
	})
}
