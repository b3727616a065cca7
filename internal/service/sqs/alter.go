package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/store"
)

// alter changes a queue's description: f gets a copy that shares its maps, and
// may run again.
func (s *Service) alter(ctx context.Context, key queueKey, f func(d *description) error) error {
	return s.update(ctx, key, func(tx store.Tx, _ *queue, m *memory) error {
		d := *m.desc
		if err := f(&d); err != nil {
			return err
		}
		m.set(tx, &d)
		return nil
	})
}
