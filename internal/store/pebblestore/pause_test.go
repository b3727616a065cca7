package pebblestore

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// fullFS has no room for tables while full is set.
type fullFS struct {
	vfs.FS
	full  *atomic.Bool
	tries *atomic.Int64
}

func (f fullFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasSuffix(name, ".sst") && f.full.Load() {
		f.tries.Add(1)
		return nil, syscall.ENOSPC
	}
	return f.FS.Create(name, c)
}

func TestAFlushThatFindsNoSpaceIsTriedAgainSlowly(t *testing.T) {
	c := clock.NewFake(time.UnixMilli(1_790_000_000_000))
	fs := fullFS{&disk{vfs.NewMem(), 50 << 30}, new(atomic.Bool), new(atomic.Int64)}
	s, err := Open(Options{Dir: "data", FS: fs, Clock: c, MasterKey: make([]byte, 32), Fatal: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := s.CreateLog(t.Context(), "l")
	if err != nil {
		t.Fatal(err)
	}
	if err := <-appendOne(l, 1000); err != nil {
		t.Fatal(err)
	}
	fs.full.Store(true)
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		t.Fatal(err)
	}
	await(t, "that writes are refused", func() bool { return slices.Contains(problems(s), "disk-low") })
	if err := <-appendOne(l, 1); !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("append: %v", err)
	}
	if _, err := fs.Stat("data/ballast"); err == nil {
		t.Error("the ballast stays in need")
	}
	if n := fs.tries.Load(); n != 1 {
		t.Errorf("%d tries before the first pause is over", n)
	}
	await(t, "another try", func() bool {
		c.Advance(retryPause)
		return fs.tries.Load() > 1
	})
	fs.full.Store(false)
	await(t, "the flush", func() bool {
		c.Advance(retryPause)
		select {
		case <-flushed:
			return true
		default:
			return false
		}
	})
	await(t, "that writes are accepted", func() bool {
		c.Advance(spaceInterval)
		return len(problems(s)) == 0
	})
	if err := <-appendOne(l, 1); err != nil {
		t.Error(err)
	}
}

// TestWorkThatFailedWaits asserts that a table waits after a failure of its kind,
// and that no other does.
func TestWorkThatFailedWaits(t *testing.T) {
	s := &Store{clock: clock.NewFake(time.UnixMilli(0)), closing: make(chan struct{})}
	f := pausedFS{vfs.NewMem(), s, new(retries)}
	create := func(name string, category vfs.DiskWriteCategory) <-chan error {
		made := make(chan error, 1)
		go func() {
			file, err := f.Create(name, category)
			if err == nil {
				err = file.Close()
			}
			made <- err
		}()
		return made
	}
	goesOn := func(name string, category vfs.DiskWriteCategory) {
		t.Helper()
		if err := <-create(name, category); err != nil {
			t.Error(err)
		}
	}
	f.r.failed(errors.New("a compaction's"))
	goesOn("000001.log", vfs.WriteCategoryUnspecified)
	goesOn("000002.sst", "pebble-memtable-flush")
	compaction := create("000003.sst", compactionWrites)
	await(t, "the pause of compactions", func() bool { return !f.r.compaction.Load() })

	err := errors.New("a flush's")
	f.r.flushed.Store(&err)
	f.r.failed(err)
	goesOn("000004.sst", compactionWrites)
	flush := create("000005.sst", "pebble-memtable-flush")
	await(t, "the pause of flushes", func() bool { return !f.r.flush.Load() })
	goesOn("000006.sst", "pebble-memtable-flush")
	select {
	case <-compaction:
		t.Error("the compaction did not wait")
	case <-flush:
		t.Error("the flush did not wait")
	default:
	}
	close(s.closing)
	if err := <-flush; err != nil {
		t.Error(err)
	}
	if err := <-compaction; !errors.Is(err, pebble.ErrCancelledCompaction) {
		t.Errorf("a compaction of a store that closes: %v", err)
	}
}
