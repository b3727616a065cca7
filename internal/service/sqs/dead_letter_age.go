package sqs

import (
	"errors"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// Dead letters of a standard queue are older than their sequence says: they keep
// the time at which they were sent first, and their retention counts from it. They
// lie in the plain lane as others do; the index early has them by that time. The
// entry of one that was deleted meanwhile stays until its time comes.

// earlyPrefix is that of the index: At is when the message was sent first.
const earlyPrefix = "e/"

// earlyWindow bounds the entries in memory.
const earlyWindow = 4 << 10

// expireEarly removes dead letters that were sent before a time, at most limit of
// them, and returns how many. It looks at twice as many entries at most.
func (s *standard) expireEarly(tx store.Tx, before int64, limit int) (n int, err error) {
	for range 2 * limit {
		p, ok, err := s.early.First(tx)
		if err != nil || !ok || p.At >= before || n == limit {
			return n, err
		}
		s.early.Remove(tx, p)
		removed, err := s.discard(tx, p.ID)
		if err != nil {
			return n, err
		}
		if removed {
			n++
		}
	}
	return n, nil
}

// discard removes a message of the plain lane, and reports whether it was there.
func (s *standard) discard(tx store.Tx, seq uint64) (bool, error) {
	it, ok, err := s.items.Find(tx, seq)
	if err != nil {
		return false, err
	}
	if ok {
		s.remove(tx, it)
		return true, nil
	}
	meta := &s.m.meta
	if meta.Fresh == 0 || seq < meta.Cursor {
		return false, nil
	}
	key := messageKey(plainLane, seq)
	if _, err := tx.Get(key); errors.Is(err, store.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	tx.Delete(key)
	meta.Fresh--
	meta.Messages--
	return true, nil
}

func (s *standard) leave(tx store.Tx, it inflight.Item, _ int64) (inflight.Item, error) {
	s.items.Remove(tx, it)
	s.fair.noise.left(it)
	s.m.meta.Messages--
	s.commit()
	return it, nil
}

func (s *standard) back(tx store.Tx, it inflight.Item, _ string, now int64) error {
	it.Visible = now
	s.items.Put(tx, it)
	if it.Delivered() {
		s.fair.noise.delivered(it.Place)
	}
	s.m.meta.Messages++
	s.commit()
	return nil
}
