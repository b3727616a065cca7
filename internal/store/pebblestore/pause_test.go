package pebblestore

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
	// However much time it has, it tries once a pause.
	for pause := int64(1); pause <= 3; pause++ {
		await(t, "another try", func() bool {
			c.Advance(retryPause)
			return fs.tries.Load() > pause
		})
	}
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

// TestWorkThatFailedWaits asserts that a table waits after a failure, and that no
// other does.
func TestWorkThatFailedWaits(t *testing.T) {
	c := clock.NewFake(time.UnixMilli(0))
	s := &Store{clock: c, closing: make(chan struct{})}
	f := pausedFS{FS: vfs.NewMem(), s: s, failed: new(atomic.Bool), full: new(atomic.Bool)}
	create := func(name string) <-chan error {
		made := make(chan error, 1)
		go func() {
			file, err := f.Create(name, vfs.WriteCategoryUnspecified)
			if err == nil {
				err = file.Close()
			}
			made <- err
		}()
		return made
	}
	f.failed.Store(true)
	if err := <-create("000001.log"); err != nil {
		t.Error(err)
	}
	waits := create("000002.sst")
	await(t, "the pause", func() bool { return !f.failed.Load() })
	if err := <-create("000003.sst"); err != nil {
		t.Error(err)
	}
	select {
	case <-waits:
		t.Error("it did not wait")
	default:
	}
	close(s.closing)
	if err := <-waits; err != nil {
		t.Error(err)
	}
}
