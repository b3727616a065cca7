package memstore

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

var bg = context.Background()

func set(p store.Partition, key, value string) error {
	return p.Update(bg, func(tx store.Tx) error {
		tx.Set([]byte(key), []byte(value))
		return nil
	})
}

func get(t *testing.T, p store.Partition, key string) string {
	t.Helper()
	var value []byte
	err := p.View(bg, func(r store.Reader) (err error) {
		value, err = r.Get([]byte(key))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return string(value)
}

func open(t *testing.T, o Options) *Store {
	s := New(o)
	t.Cleanup(func() { s.Close() })
	return s
}

func newLog(t *testing.T, s *Store, name string) store.Log {
	t.Helper()
	l, err := s.CreateLog(bg, name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// appendOne begins an append and returns where its outcome will come.
func appendOne(l store.Log, data string) <-chan error {
	var b store.Block
	b.Add([]byte(data))
	done := make(chan error, 1)
	l.Append(&b, func(_ store.Appended, err error) { done <- err })
	return done
}

func TestDelay(t *testing.T) {
	c := clock.NewFake(time.UnixMilli(1000))
	s := open(t, Options{Clock: c, Delay: 10 * time.Millisecond})
	p := s.Partition("p")
	done := make(chan error)
	go func() { done <- set(p, "k", "v") }()
	if err := s.AwaitInFlight(bg, 1); err != nil {
		t.Fatal(err)
	}
	if got := get(t, p, "k"); got != "" {
		t.Errorf("read %q before the commit", got)
	}
	for c.Timers() == 0 {
		runtime.Gosched()
	}
	c.Advance(9 * time.Millisecond)
	if got := get(t, p, "k"); got != "" {
		t.Errorf("read %q before the commit", got)
	}
	c.Advance(time.Millisecond)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := get(t, p, "k"); got != "v" {
		t.Errorf("read %q after the commit", got)
	}
}

func TestStep(t *testing.T) {
	s := open(t, Options{})
	l := newLog(t, s, "l")
	s.Hold()
	first, second := appendOne(l, "1"), appendOne(l, "2")
	s.Step(1)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if n := l.State().Next; n != 1 {
		t.Errorf("after one step the tip is %d", n)
	}
	s.Release()
	if err := <-second; err != nil {
		t.Fatal(err)
	}
}

func TestFailCommits(t *testing.T) {
	s := open(t, Options{})
	p := s.Partition("p")
	s.FailCommits(store.ErrUnknownOutcome, 1, Applied)
	if err := set(p, "a", "1"); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
	s.FailCommits(store.ErrUnknownOutcome, 1, Dropped)
	if err := set(p, "b", "1"); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
	if a, b := get(t, p, "a"), get(t, p, "b"); a != "1" || b != "" {
		t.Errorf("applied reads %q, dropped reads %q", a, b)
	}
	if err := set(p, "c", "1"); err != nil {
		t.Errorf("the commit after: %v", err)
	}
}

// TestDroppedBase builds one Update on another that is then dropped: it has to
// run again without what it saw.
func TestDroppedBase(t *testing.T) {
	s := open(t, Options{})
	p := s.Partition("p")
	s.Hold()
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- set(p, "a", "1") }()
	if err := s.AwaitInFlight(bg, 1); err != nil {
		t.Fatal(err)
	}
	var saw []bool
	go func() {
		second <- p.Update(bg, func(tx store.Tx) error {
			_, err := tx.Get([]byte("a"))
			saw = append(saw, err == nil)
			tx.Set([]byte("b"), nil)
			return nil
		})
	}()
	if err := s.AwaitInFlight(bg, 2); err != nil {
		t.Fatal(err)
	}
	s.FailCommits(store.ErrUnknownOutcome, 1, Dropped)
	s.Release()
	if err := <-first; !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("the dropped one: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the one on top: %v", err)
	}
	if len(saw) != 2 || !saw[0] || saw[1] {
		t.Errorf("saw the dropped key: %v", saw)
	}
}

func TestLose(t *testing.T) {
	for _, fate := range []Fate{Dropped, Applied} {
		s := open(t, Options{})
		p, l := s.Partition("x"), newLog(t, s, "x")
		if err := set(p, "old", "1"); err != nil {
			t.Fatal(err)
		}
		version := p.Version()
		s.Hold()
		updated := make(chan error, 1)
		go func() { updated <- set(p, "k", "1") }()
		if err := s.AwaitInFlight(bg, 1); err != nil {
			t.Fatal(err)
		}
		appended := appendOne(l, "record")
		waiting := make(chan error, 1)
		go func() { waiting <- l.Wait(bg, 10) }()

		s.Lose("x", fate)
		for _, c := range []<-chan error{updated, appended} {
			if err := <-c; !errors.Is(err, store.ErrUnknownOutcome) {
				t.Errorf("in flight: %v", err)
			}
		}
		if err := <-waiting; !errors.Is(err, store.ErrNotOwner) {
			t.Errorf("waiting: %v", err)
		}
		s.Release()
		_, sealErr := l.Seal(bg)
		for what, err := range map[string]error{
			"Update": set(p, "k", "2"),
			"View":   p.View(bg, func(store.Reader) error { return nil }),
			"Append": <-appendOne(l, "2"),
			"Seal":   sealErr,
			"Read":   l.Read(bg, 0, store.Limit{}, new(store.Page)),
		} {
			if !errors.Is(err, store.ErrNotOwner) {
				t.Errorf("%s of what is lost: %v", what, err)
			}
		}

		s.Regain("x")
		if v := p.Version(); v.Epoch <= version.Epoch {
			t.Errorf("version after %v is %v", version, v)
		}
		want, next := "", store.Position(0)
		if fate == Applied {
			want, next = "1", 1
		}
		if got := get(t, p, "k"); got != want {
			t.Errorf("fate %d: read %q", fate, got)
		}
		if got := l.State().Next; got != next {
			t.Errorf("fate %d: tip %d", fate, got)
		}
		if err := errors.Join(set(p, "k", "3"), <-appendOne(l, "3")); err != nil {
			t.Errorf("after Regain: %v", err)
		}
	}
}

func TestDamage(t *testing.T) {
	s := open(t, Options{})
	l := newLog(t, s, "l")
	for range 3 {
		if err := <-appendOne(l, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Damage("l", 1) || s.Damage("l", 3) || s.Damage("m", 0) {
		t.Error("Damage found the wrong records")
	}
	var page store.Page
	if err := l.Read(bg, 0, store.Limit{}, &page); err != nil || page.Next != 1 {
		t.Errorf("read up to the damage: next %d, %v", page.Next, err)
	}
	if err := l.Read(bg, 1, store.Limit{}, &page); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("read of the damage: %v", err)
	}
	if err := l.Read(bg, 2, store.Limit{}, &page); err != nil {
		t.Errorf("read behind the damage: %v", err)
	}
	if h := s.Health(); len(h) != 1 || h[0].Code != "damaged" {
		t.Errorf("health: %v", h)
	}
}

func TestCancelledWait(t *testing.T) {
	s := open(t, Options{})
	s.Hold()
	ctx, cancel := context.WithCancel(bg)
	done := make(chan error)
	go func() {
		done <- s.Partition("p").Update(ctx, func(tx store.Tx) error {
			tx.Set([]byte("k"), nil)
			return nil
		})
	}()
	if err := s.AwaitInFlight(bg, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, store.ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.AwaitInFlight(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("AwaitInFlight: %v", err)
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := New(Options{})
	defer s.Close()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		key := []byte("key")
		for pb.Next() {
			s.Partition("p").Update(bg, func(tx store.Tx) error {
				tx.Set(key, key)
				return nil
			})
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	s := New(Options{})
	defer s.Close()
	l, _ := s.CreateLog(bg, "l")
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		var block store.Block
		done := make(chan error, 1)
		for pb.Next() {
			block.Reset()
			block.Add([]byte("a record"))
			l.Append(&block, func(_ store.Appended, err error) { done <- err })
			<-done
		}
	})
}
