package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/store"
)

// buries reports whether the queue's dead letters have somewhere to go. Where the
// dead-letter queue is gone they stay, as on AWS, and are delivered on.
func (s *Service) buries(ctx context.Context, p *redrivePolicy) (bool, error) {
	target, ok := parseQueueARN(p.Target)
	if !ok {
		return false, nil
	}
	return s.exists(ctx, target)
}

// exists reports whether there is a queue. It costs a look into memory where the
// queue is in use, and may be asked inside another queue's update.
func (s *Service) exists(ctx context.Context, key queueKey) (is bool, err error) {
	s.mu.Lock()
	is = s.queues[key] != nil
	s.mu.Unlock()
	if is {
		return true, nil
	}
	err = s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) error {
		_, err := r.Get(descriptionKey)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		is = err == nil
		return err
	})
	return is, err
}
