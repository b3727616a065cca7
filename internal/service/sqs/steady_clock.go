package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store/steady"
)

// steadyClock returns the clock of the queues, which begins no earlier than the
// last one was.
func (s *Service) steadyClock(ctx context.Context) (*clock.Steady, error) {
	return steady.Open(ctx, s.o.Store.Partition(root), s.o.Clock)
}

// persistClock stores the time.
func (s *Service) persistClock(ctx context.Context) error {
	return steady.Save(ctx, s.o.Store.Partition(root), s.clock.Now())
}
