package pebblestore

import (
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const (
	// syncInterval is how often FsyncInterval syncs.
	syncInterval = 100 * time.Millisecond
	// maxUnsynced is for how long FsyncInterval acknowledges what is not on disk:
	// once a sync takes longer, acknowledgements wait for its end.
	maxUnsynced = time.Second
)

// unsynced counts, with FsyncInterval, the changes that are acknowledged before
// they are on disk.
type unsynced struct {
	mu      sync.Mutex
	ended   sync.Cond // a sync ended, or the store failed
	bound   time.Duration
	changes int       // that no sync has begun for
	oldest  time.Time // hand-over of the oldest of them
	syncing time.Time // oldest of those that are being synced; zero: none are
}

// add counts changes that were handed to Pebble.
func (u *unsynced) add(began time.Time, changes int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.changes == 0 {
		u.oldest = began
	}
	u.changes += changes
}

// wait returns when what is not on disk is young enough to acknowledge more.
func (u *unsynced) wait(failed func() bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for !u.syncing.IsZero() && time.Since(u.syncing) >= u.bound && !failed() {
		u.ended.Wait()
	}
}

// begin takes what is to be synced now.
func (u *unsynced) begin() (oldest time.Time, changes int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	oldest, changes = u.oldest, u.changes
	if changes > 0 {
		u.syncing, u.changes = oldest, 0
	}
	return oldest, changes
}

// end tells that the sync ended, or that nothing is acknowledged any more.
func (u *unsynced) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.syncing = time.Time{}
	u.ended.Broadcast()
}

// syncLog makes durable what was acknowledged before it was, if anything.
func (s *Store) syncLog() {
	oldest, changes := s.unsynced.begin()
	if changes == 0 {
		return
	}
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		s.die(fmt.Errorf("sync of the write-ahead log: %w", err))
		return
	}
	s.unsynced.end()
	s.observer.synced(time.Since(oldest), changes)
}
