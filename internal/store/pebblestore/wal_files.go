package pebblestore

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// walFS ends the process, as after a failed write, where the next file of the
// write-ahead log cannot be made while the database is in use: Pebble does not
// return that error but panics, with a lock in a state that no one can recover.
type walFS struct {
	vfs.FS
	die   func(error)
	inUse *atomic.Bool
}

// dieWithoutLog makes a database end the process when it cannot make a file for
// its write-ahead log. It is told when the database is open, for until then the
// error is returned.
func (s *Store) dieWithoutLog(o *pebble.Options) (opened func()) {
	f := walFS{o.FS, s.die, new(atomic.Bool)}
	o.FS = f
	return func() { f.inUse.Store(true) }
}

// Create implements vfs.FS.
func (f walFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, category)
	f.check(name, err)
	return file, err
}

// ReuseForWrite implements vfs.FS.
func (f walFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.ReuseForWrite(from, to, category)
	f.check(to, err)
	return file, err
}

func (f walFS) check(name string, err error) {
	if err != nil && f.inUse.Load() && strings.HasSuffix(name, ".log") {
		f.die(fmt.Errorf("make a file of the write-ahead log: %w", err))
	}
}

// Unwrap implements vfs.FS.
func (f walFS) Unwrap() vfs.FS { return f.FS }
