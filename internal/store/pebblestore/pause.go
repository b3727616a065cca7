package pebblestore

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// retryPause is how long background work waits after it failed: Pebble tries
// again at once, which on a full disk is a busy loop.
const retryPause = time.Second

// compactionWrites is what Pebble says a compaction's files are for.
const compactionWrites vfs.DiskWriteCategory = "pebble-compaction"

// pausedFS has the next table wait that is written after background work failed,
// and makes none for compactions once the store closes: closing the database waits
// for those that run, which may have seconds to go, and what they were about to do
// is done after the next start.
//
// It is the place for both: Pebble tells of the failure with its lock held, makes
// tables without, and offers no other way to end a compaction.
type pausedFS struct {
	vfs.FS
	s      *Store
	failed *atomic.Bool
	full   *atomic.Bool // it failed for want of space
}

// slowRetries makes a database try failed flushes and compactions again only
// after a pause, and tells the guard of the disk's space when that is what lacks.
func (s *Store) slowRetries(o *pebble.Options) {
	f := pausedFS{FS: o.FS, s: s, failed: new(atomic.Bool), full: new(atomic.Bool)}
	o.FS = f
	tell := o.EventListener.BackgroundError
	o.EventListener.BackgroundError = func(err error) {
		tell(err)
		if errors.Is(err, syscall.ENOSPC) {
			f.full.Store(true)
		}
		f.failed.Store(true)
	}
}

// Create implements vfs.FS.
func (f pausedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if category == compactionWrites && f.s.stopping() {
		return nil, pebble.ErrCancelledCompaction
	}
	if strings.HasSuffix(name, ".sst") && f.failed.Swap(false) {
		f.pause()
	}
	return f.FS.Create(name, category)
}

// stopping reports whether the store closes.
func (s *Store) stopping() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

func (f pausedFS) pause() {
	if f.full.Swap(false) {
		f.s.space.refusedWrite(f.s.clock.Now())
	}
	t := f.s.clock.NewTimer(retryPause)
	defer t.Stop()
	select {
	case <-t.C():
	case <-f.s.closing:
	}
}

// Unwrap implements vfs.FS.
func (f pausedFS) Unwrap() vfs.FS { return f.FS }
