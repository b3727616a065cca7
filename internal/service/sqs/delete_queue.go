package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
)

// DeleteQueue removes a queue with all its messages, at once. Receives that wait
// are told that there is no such queue.
func (s *Service) DeleteQueue(ctx context.Context, in *sqsapi.DeleteQueueRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	unlock := s.lockName(key)
	defer unlock()
	ctx = store.Freeing(ctx)
	reg := s.registry(key.account, key.region)
	was := present
	err = reg.part.Update(ctx, func(tx store.Tx) error {
		was = present
		r, err := reg.find(tx, key.name)
		if err != nil {
			return err
		}
		if r == nil {
			return errNoQueue
		}
		if r.State != present {
			was = r.State
			return nil
		}
		reg.put(tx, &registryRow{Name: key.name, Incarnation: r.Incarnation, State: deleting, Deleted: s.now()})
		return nil
	})
	if err != nil {
		return answer(call, err)
	}
	fault.Point("sqs.delete.marked")
	if err := s.remove(ctx, key); err != nil {
		return err
	}
	if was != present { // the last attempt may not have come to its end
		return noSuchQueue(call)
	}
	return nil
}

// remove removes the rows of a queue that the registry says is deleted.
func (s *Service) remove(ctx context.Context, key queueKey) error {
	q := s.queue(key)
	if err := q.part.Drop(ctx); err != nil {
		return err
	}
	fault.Point("sqs.delete.rows")
	// The queue's memory notices, and those who wait are told.
	err := q.update(ctx, func(store.Tx, *memory) error { return nil })
	if err != nil && !errors.Is(err, errNoQueue) {
		return err
	}
	s.bygone(q.key)
	s.o.Metrics.Forget(key.account, key.region, key.name)
	return nil
}
