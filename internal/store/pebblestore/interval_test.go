package pebblestore

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// await returns once a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// appendOne queues a record, and returns where its outcome comes.
func appendOne(l store.Log, bytes int) <-chan error {
	var b store.Block
	b.Add(make([]byte, bytes))
	done := make(chan error, 1)
	l.Append(&b, func(_ store.Appended, err error) { done <- err })
	return done
}

func TestIntervalTellsItsSyncsAndBoundsWhatIsNotOnDisk(t *testing.T) {
	c := clock.NewFake(time.UnixMilli(1_790_000_000_000))
	g := &gate{}
	g.cond.L = &g.mu
	var syncs, changes atomic.Int64
	s, err := Open(Options{
		Dir: "data", FS: gatedFS{vfs.NewMem(), g}, Clock: c, MasterKey: make([]byte, 32), MinFreeBytes: -1, Fsync: FsyncInterval,
		Observer: Observer{Synced: func(_ time.Duration, n int) { syncs.Add(1); changes.Add(int64(n)) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := s.CreateLog(t.Context(), "l")
	if err != nil {
		t.Fatal(err)
	}
	synced := func() bool {
		c.Advance(syncInterval)
		s.unsynced.mu.Lock()
		defer s.unsynced.mu.Unlock()
		return s.unsynced.changes == 0 && s.unsynced.syncing.IsZero()
	}
	await(t, "the log's sync", synced)
	before, changed := syncs.Load(), changes.Load()
	c.Advance(syncInterval)
	for range 3 {
		if err := <-appendOne(l, 100); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "a sync", synced)
	await(t, "that it is told", func() bool { return changes.Load() == changed+3 })
	if syncs.Load() > before+3 {
		t.Errorf("%d syncs for three changes: idle ones were told", syncs.Load()-before)
	}

	// While a sync takes longer than may be, nothing more is acknowledged.
	s.unsynced.mu.Lock()
	s.unsynced.bound = 0
	s.unsynced.mu.Unlock()
	g.set(func(g *gate) { g.hold = true })
	if err := <-appendOne(l, 100); err != nil {
		t.Fatal(err)
	}
	await(t, "a sync that lasts", func() bool {
		c.Advance(syncInterval)
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.held > 0
	})
	late := appendOne(l, 100)
	await(t, "the append's commit", func() bool {
		s.unsynced.mu.Lock()
		defer s.unsynced.mu.Unlock()
		return s.unsynced.changes == 1
	})
	select {
	case err := <-late:
		t.Errorf("acknowledged beyond the bound: %v", err)
	default:
	}
	g.set(func(g *gate) { g.hold = false })
	if err := <-late; err != nil {
		t.Error(err)
	}
}

func TestUnsyncedWaitsForItsBoundOnly(t *testing.T) {
	u := &unsynced{bound: time.Hour}
	u.ended.L = &u.mu
	never := func() bool { return false }
	u.wait(never) // nothing is being synced
	u.add(time.Now(), 2)
	if _, n := u.begin(); n != 2 {
		t.Errorf("%d changes to sync", n)
	}
	u.wait(never) // not for long yet
	u.bound = 0
	u.wait(func() bool { return true }) // the store failed
	returned := make(chan bool)
	go func() { u.wait(never); close(returned) }()
	u.end()
	<-returned
	if _, n := u.begin(); n != 0 {
		t.Errorf("%d changes are left", n)
	}
}
