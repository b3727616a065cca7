package pebblestore

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestAClockThatJumpsIsLoggedOnce(t *testing.T) {
	var out bytes.Buffer
	c := clock.NewFake(time.UnixMilli(1_790_000_000_000))
	right := c.Now()
	s, err := Open(Options{
		Dir: "data", FS: vfs.NewMem(), Clock: c, MinFreeBytes: -1, MasterKey: make([]byte, 32), Logger: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	said := func() string {
		text := out.String()
		out.Reset()
		return text
	}
	expect := func(what, want string) {
		t.Helper()
		if got := said(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) || !strings.Contains(got, "level=WARN") {
			t.Errorf("%s: logged %q", what, got)
		}
	}
	// The store's own loop looks as well, as soon as the clock moves. It ends first.
	close(s.closing)
	s.loops.Wait()
	s.closing = make(chan struct{})
	c.Set(right.Add(time.Hour))
	for range 3 {
		if s.TrimAllowed() {
			t.Error("trimming is not paused")
		}
	}
	expect("a jump", "trimming is paused")
	c.Set(right)
	for range 2 {
		if !s.TrimAllowed() {
			t.Error("trimming is paused")
		}
	}
	expect("back again", "the clock is right again")
	c.Set(right.Add(time.Hour))
	s.TrimAllowed()
	said()
	for range 2 {
		if err := s.AcceptClock(t.Context()); err != nil || !s.TrimAllowed() {
			t.Error("accepted, but trimming is paused", err)
		}
	}
	expect("accepted", "accepted")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
