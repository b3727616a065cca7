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

// retries tells of background work that failed and was not yet slowed down.
type retries struct {
	flush, compaction atomic.Bool           // failed
	full              atomic.Bool           // the disk had no room
	flushed           atomic.Pointer[error] // how the last flush ended
}

// slowRetries makes a database try failed flushes and compactions again only
// after a pause, and tells the guard of the disk's space when that is what lacks.
func (s *Store) slowRetries(o *pebble.Options) {
	r := new(retries)
	o.FS = pausedFS{o.FS, s, r}
	o.EventListener.FlushEnd = func(info pebble.FlushInfo) { r.flushed.Store(&info.Err) }
	tell := o.EventListener.BackgroundError
	o.EventListener.BackgroundError = func(err error) {
		tell(err)
		r.failed(err)
	}
}

// failed is told of an error of the background. A compaction that meets damage
// fails each time; flushes go on as they were then, since writes wait for them.
func (r *retries) failed(err error) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		r.full.Store(true)
	}
	// A flush tells of its end first, and then of the error.
	if f := r.flushed.Load(); f != nil && *f != nil && errors.Is(err, *f) {
		r.flush.Store(true)
	} else {
		r.compaction.Store(true)
	}
}

// pausedFS has the next table wait that is written after work of its kind failed,
// and makes none for compactions once the store closes: closing the database waits
// for those that run, which may have seconds to go, and what they were about to do
// is done after the next start.
//
// It is the place for both: Pebble tells of the failure with its lock held, makes
// tables without, and offers no other way to end a compaction.
type pausedFS struct {
	vfs.FS
	s *Store
	r *retries
}

// Create implements vfs.FS.
func (f pausedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	failed := &f.r.flush
	if category == compactionWrites {
		failed = &f.r.compaction
	}
	if strings.HasSuffix(name, ".sst") && failed.Swap(false) {
		f.pause()
	}
	if category == compactionWrites && f.s.stopping() {
		return nil, pebble.ErrCancelledCompaction
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
	if f.r.full.Swap(false) {
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
