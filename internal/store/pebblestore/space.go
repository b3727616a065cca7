package pebblestore

import (
	"errors"
	"fmt"
	"sync"
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
	// ballastUnit is what its size is a multiple of.
	ballastUnit = 1 << 20
	// refusalLasts is how long the disk counts as full after it refused a write of
	// the background, whatever it says of its free space (a quota may be used up).
	// Background work tries again each retryPause.
	refusalLasts = 3 * retryPause
)

// space watches the free space of the disk. A failed write of the write-ahead log
// ends the process, so writes are refused well before.
type space struct {
	fs   vfs.FS
	dir  string
	want int64 // Options.MinFreeBytes; negative: nothing is refused
	low  atomic.Pointer[lowSpace]

	mu      sync.Mutex // held over I/O of the ballast
	ballast bool       // it is there, of its size
	refused time.Time  // when the disk last refused a write; zero: it did not
}

// lowSpace is what was found below the reserve.
type lowSpace struct {
	free, reserve uint64
	refused       bool // the disk refused a write
}

func (l *lowSpace) Error() string {
	if l.refused {
		return fmt.Sprintf("the disk refused a write for want of space (it says that %d MiB are free: look at quotas and inodes too); free some, or delete streams", l.free>>20)
	}
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
func (s *space) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	usage, err := s.fs.GetDiskUsage(s.dir)
	refused := !s.refused.IsZero() && now.Sub(s.refused) < refusalLasts
	if err != nil && !refused {
		s.low.Store(nil)
		return
	}
	reserve := s.reserve(usage.TotalBytes)
	ballast := min(maxBallast, reserve/8) / ballastUnit * ballastUnit
	switch {
	case refused || usage.AvailBytes < reserve:
		s.low.Store(&lowSpace{usage.AvailBytes, reserve, refused})
		if refused || usage.AvailBytes < reserve/2 {
			s.dropBallast()
		}
	default:
		s.low.Store(nil)
		// Where the disk refused a write though it tells of room, the ballast would
		// only be in the way.
		if s.refused.IsZero() && usage.AvailBytes > reserve+2*ballast {
			s.makeBallast(int64(ballast))
		}
	}
}

// refusedWrite is told that the disk had no room for a write of the background.
func (s *space) refusedWrite(now time.Time) {
	if s.want < 0 {
		return
	}
	s.mu.Lock()
	s.refused = now
	s.mu.Unlock()
	s.look(now)
}

// makeBallast takes room that can be given back. It is no loss where it fails.
func (s *space) makeBallast(n int64) {
	path := s.fs.PathJoin(s.dir, ballastName)
	if s.ballast || n == 0 {
		return
	}
	if info, err := s.fs.Stat(path); err == nil && info.Size() == n {
		s.ballast = true // of an earlier process
		return
	}
	f, err := s.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return
	}
	zeros := make([]byte, ballastUnit)
	for written := int64(0); written < n && err == nil; written += ballastUnit {
		_, err = f.Write(zeros)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = s.fs.Remove(path)
		return
	}
	s.ballast = true
}

// dropBallast gives the room back, also that of an earlier process.
func (s *space) dropBallast() {
	_ = s.fs.Remove(s.fs.PathJoin(s.dir, ballastName)) // it may not be there
	s.ballast = false
}

// refusal is why mutations that take space are refused now, or nil.
func (s *space) refusal() error {
	if low := s.low.Load(); low != nil {
		return fmt.Errorf("%w: %w", store.ErrNoSpace, low)
	}
	return nil
}
