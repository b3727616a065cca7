package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/store"
)

// minGone is how long, in ms, a deleted queue's name is remembered at least: the
// next queue of the name gets a later incarnation by the clock alone after that.
const minGone = 1000

// keepNames is how long the names of deleted queues are remembered, in ms.
func (s *Service) keepNames() int64 { return max(s.o.Cooldown.Milliseconds(), minGone) }

// bygone notes that a queue's rows are gone, but for its name.
func (s *Service) bygone(key queueKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[key] = s.now()
}

// reap removes the names of deleted queues that can be used again: programs that
// make queues of ever new names leave nothing behind.
func (s *Service) reap(ctx context.Context) error {
	now, keep := s.now(), s.keepNames()
	var keys []queueKey
	s.mu.Lock()
	for key, at := range s.gone {
		if now-at >= keep {
			keys = append(keys, key)
		}
	}
	s.mu.Unlock()
	for _, key := range keys {
		if err := s.reapName(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) reapName(ctx context.Context, key queueKey) error {
	unlock := s.lockName(key)
	defer unlock()
	reg, keep := s.registry(key.account, key.region), s.keepNames()
	err := reg.part.Update(store.Freeing(ctx), func(tx store.Tx) error {
		r, err := reg.find(tx, key.name)
		if err == nil && r != nil && r.State == deleting && s.now()-r.Deleted >= keep {
			tx.Delete(nameKey(key.name))
		}
		return err
	})
	if err == nil {
		s.mu.Lock()
		delete(s.gone, key)
		s.mu.Unlock()
	}
	return err
}
