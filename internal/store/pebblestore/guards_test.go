package pebblestore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// disk is a file system that tells how full it is.
type disk struct {
	*vfs.MemFS
	free uint64
}

func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free, TotalBytes: 100 << 30}, nil
}

func problems(s *Store) (codes []string) {
	for _, p := range s.Health() {
		codes = append(codes, p.Code)
	}
	return codes
}

func TestFullDiskRefusesWhatTakesSpace(t *testing.T) {
	d := &disk{vfs.NewCrashableMem(), 10 << 30}
	s, err := Open(Options{Dir: "data", FS: d, Clock: clock.NewFake(time.UnixMilli(1)), MasterKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	set := func(ctx context.Context) error {
		return s.Partition("p").Update(ctx, func(tx store.Tx) error { tx.Set([]byte("k"), nil); return nil })
	}
	l, err := s.CreateLog(ctx, "l")
	if err != nil {
		t.Fatal(err)
	}
	put := func() error {
		var b store.Block
		b.Add([]byte("x"))
		done := make(chan error, 1)
		l.Append(&b, func(_ store.Appended, err error) { done <- err })
		return <-done
	}
	if err := errors.Join(set(ctx), put()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Stat("data/ballast"); err != nil {
		t.Errorf("no ballast: %v", err)
	}
	d.free = 1 << 30 // the reserve is 2 % of 100 GiB
	s.space.look(time.UnixMilli(1))
	for name, err := range map[string]error{"update": set(ctx), "append": put()} {
		if !errors.Is(err, store.ErrNoSpace) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.CreateLog(ctx, "m"); !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("create: %v", err)
	}
	if err := errors.Join(set(store.Freeing(ctx)), l.Trim(ctx, 1), l.Drop(ctx)); err != nil {
		t.Errorf("what frees space: %v", err)
	}
	if got := problems(s); len(got) != 1 || got[0] != "disk-low" {
		t.Errorf("health: %q", got)
	}
	d.free = 1 << 29
	s.space.look(time.UnixMilli(1))
	if _, err := d.Stat("data/ballast"); err == nil {
		t.Error("the ballast stays in need")
	}
	d.free = 10 << 30
	s.space.look(time.UnixMilli(1))
	if err := set(ctx); err != nil || len(problems(s)) != 0 {
		t.Errorf("with space again: %v, %q", err, problems(s))
	}
}

func TestClockThatJumps(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	up := time.Hour
	guard := func(boot string) *clockGuard {
		return &clockGuard{uptime: uptime{boot, func() time.Duration { return up }}}
	}
	pass := func(d time.Duration) { now, up = now.Add(d), up+d }
	wall := func() time.Time { return now }
	jumped := func(g *clockGuard) bool { _, j := g.problem(); return j }

	g := guard("a")
	if err := g.begin(now, nil); err != nil {
		t.Fatal(err)
	}
	pass(48 * time.Hour)
	if g.look(wall); jumped(g) {
		t.Error("time that passes is no jump")
	}
	now = now.Add(4 * time.Minute)
	if g.look(wall); jumped(g) {
		t.Error("four minutes are none")
	}
	now = now.Add(-24 * time.Hour)
	if g.look(wall); jumped(g) {
		t.Error("going back is none")
	}
	row := g.row()
	right := now
	now = now.Add(6 * time.Minute)
	if g.look(wall); !jumped(g) {
		t.Error("six minutes are a jump")
	}
	pass(time.Hour)
	if g.look(wall); !jumped(g) {
		t.Error("it is forgotten")
	}
	now = right.Add(time.Hour)
	if g.look(wall); jumped(g) {
		t.Error("with the clock right again it goes on")
	}

	// A restart on a machine that runs on knows how much time has passed.
	for name, c := range map[string]struct {
		boot string
		wall time.Duration
		want bool
	}{
		"down for days":                   {"a", 0, false},
		"ahead after a restart":           {"a", 10 * time.Minute, true},
		"a new start after an hour":       {"b", time.Hour, false},
		"a new start that says next year": {"b", 365 * 24 * time.Hour, true},
	} {
		up = time.Hour + 48*time.Hour + 100*time.Hour
		g := guard(c.boot)
		if err := g.begin(right.Add(c.wall).Add(map[bool]time.Duration{true: 100 * time.Hour}[c.boot == "a"]), row); err != nil {
			t.Fatal(err)
		}
		if jumped(g) != c.want {
			t.Errorf("%s: jumped is %v", name, jumped(g))
		}
	}
}

func TestFormatOfALaterReleaseIsRefused(t *testing.T) {
	fs := vfs.NewCrashableMem()
	open(t, fs, clock.NewFake(time.UnixMilli(1))).s.Close()
	if err := writeFile(fs, "data", formatName, []byte("2\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: "data", FS: fs, MasterKey: make([]byte, 32)}); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("format 2: %v", err)
	}
	if err := fs.Remove("data/FORMAT"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: "data", FS: fs, MasterKey: make([]byte, 32)}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("without FORMAT: %v", err)
	}
}
