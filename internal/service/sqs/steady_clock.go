package sqs

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// clockKey is the row of the service's partition with the time, ms since 1970,
// as of the last sweep. A clock that was set back while the server was down does
// not make leases longer than they were given, but for that interval.
var clockKey = []byte("clock")

// steadyClock returns the clock of the queues, which begins no earlier than the
// last one was.
func (s *Service) steadyClock(ctx context.Context) (*clock.Steady, error) {
	var last int64
	err := s.o.Store.Partition(root).View(ctx, func(r store.Reader) error {
		_, err := row.Find(r, clockKey, &last)
		return err
	})
	return clock.NewSteady(s.o.Clock, time.UnixMilli(last)), err
}

// persistClock stores the time.
func (s *Service) persistClock(ctx context.Context) error {
	return s.o.Store.Partition(root).Update(store.Freeing(ctx), func(tx store.Tx) error {
		tx.Set(clockKey, row.Encode(s.now()))
		return nil
	})
}
