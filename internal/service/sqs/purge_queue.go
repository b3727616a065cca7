package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// PurgeQueue removes every message of a queue, in flight or not, and what a FIFO
// queue knows of ids. What is sent after the answer stays. Of messages on their
// way to another queue the bodies go too, unless they have arrived there: the
// mover drops their rows of the outbox.
func (s *Service) PurgeQueue(ctx context.Context, in *sqsapi.PurgeQueueRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	err = s.update(store.Freeing(ctx), key, func(tx store.Tx, _ *queue, m *memory) error {
		now := s.now()
		if last := m.meta.PurgedAt; last != 0 && now-last < s.o.Cooldown.Milliseconds() {
			return sqsapi.ErrPurgeQueueInProgress.New("Only one PurgeQueue operation on %s is allowed every %d seconds.", key.name, int(s.o.Cooldown.Seconds()))
		}
		m.order.clear(tx)
		m.meta.PurgedAt = now
		return nil
	})
	return answer(call, err)
}
