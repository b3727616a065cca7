package pebblestore

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/store"
)

const (
	spaceInterval = time.Second
	ballastName   = "ballast"
	// maxBallast is what the ballast file takes: room for the write-ahead log to go
	// on while others fill the disk between two looks.
	maxBallast = 64 << 20
)

// space watches the free space of the disk. A failed write of the write-ahead log
// ends the process, so writes are refused well before.
type space struct {
	fs     vfs.FS
	dir    string
	want   int64 // Options.MinFreeBytes
	low    atomic.Pointer[lowSpace]
	burden int64 // bytes of the ballast file; 0: there is none
}

// lowSpace is what was found below the reserve.
type lowSpace struct{ free, reserve uint64 }

func (l *lowSpace) Error() string {
	return fmt.Sprintf("%d MiB are free on the disk, and %d MiB are kept in reserve (--min-free); free some, or delete streams", l.free>>20, l.reserve>>20)
}

// reserve returns the bytes that are to stay free of a disk's total.
func (s *space) reserve(total uint64) uint64 {
	if s.want > 0 {
		return uint64(s.want)
	}
	return max(1<<30, total/50)
}

// look reads the free space and decides whether writes are refused. A file system
// that cannot tell is taken to have room.
func (s *space) look() {
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return
	}
	reserve := s.reserve(usage.TotalBytes)
	ballast := int64(min(maxBallast, reserve/8))
	switch {
	case usage.AvailBytes < reserve:
		s.low.Store(&lowSpace{usage.AvailBytes, reserve})
		if usage.AvailBytes < reserve/2 {
			s.dropBallast()
		}
	default:
		s.low.Store(nil)
		if usage.AvailBytes > reserve+2*uint64(ballast) {
			s.makeBallast(ballast)
		}
	}
}

// makeBallast takes room that can be given back. It is no loss where it fails.
func (s *space) makeBallast(n int64) {
	if s.burden > 0 {
		return
	}
	f, err := s.fs.Create(s.fs.PathJoin(s.dir, ballastName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return
	}
	zeros := make([]byte, 1<<20)
	for written := int64(0); written < n && err == nil; written += int64(len(zeros)) {
		_, err = f.Write(zeros)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = s.fs.Remove(s.fs.PathJoin(s.dir, ballastName))
		return
	}
	s.burden = n
}

func (s *space) dropBallast() {
	if s.fs.Remove(s.fs.PathJoin(s.dir, ballastName)) == nil {
		s.burden = 0
	}
}

// refusal is why mutations that take space are refused now, or nil.
func (s *space) refusal() error {
	if low := s.low.Load(); low != nil {
		return fmt.Errorf("%w: %w", store.ErrNoSpace, low)
	}
	return nil
}
