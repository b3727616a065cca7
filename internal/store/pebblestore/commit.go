package pebblestore

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// applyBatch writes a batch so that later reads of the database see it; whether
// it is durable is told by syncBatch.
func (s *Store) applyBatch(b *pebble.Batch) {
	if b.Empty() {
		return
	}
	s.observer.wrote(b.Len())
	var err error
	if s.interval {
		err = s.db.Apply(b, pebble.NoSync)
	} else {
		err = s.db.ApplyNoSyncWait(b, pebble.Sync)
	}
	if err != nil {
		s.die(fmt.Errorf("write to the write-ahead log: %w", err))
	}
}

// syncBatch waits until an applied batch is durable, or may be acknowledged before
// it is (FsyncInterval). entries is how many changes
// share it.
func (s *Store) syncBatch(b *pebble.Batch, began time.Time, entries int) error {
	if s.failed.Load() {
		return store.ErrUnknownOutcome
	}
	if b.Empty() {
		return nil
	}
	if s.interval {
		s.unsynced.add(began, entries)
		if s.unsynced.wait(s.failed.Load); s.failed.Load() {
			return store.ErrUnknownOutcome
		}
		return nil
	}
	if err := b.SyncWait(); err != nil {
		s.die(fmt.Errorf("sync of the write-ahead log: %w", err))
		return store.ErrUnknownOutcome
	}
	if s.failed.Load() {
		return store.ErrUnknownOutcome
	}
	s.observer.synced(time.Since(began), entries)
	return nil
}

// commit applies a batch and waits until it is durable.
func (s *Store) commit(b *pebble.Batch) error {
	began := time.Now()
	s.applyBatch(b)
	return s.syncBatch(b, began, 1)
}

// die ends the process after a write that may or may not have reached the disk:
// Pebble cannot go on after it, and neither may an acknowledgement.
func (s *Store) die(err error) {
	if s.failed.Swap(true) {
		return
	}
	s.unsynced.end()
	s.logger.Error("ENV: storage failed, ending the process; check the disk, then start again", "err", err)
	s.fatal(err)
}
