package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/store"
)

// Export calls each with every message of a queue, as they all were at one moment,
// in the order of Peek. It calls begin first, with how many there are. What each
// is given is its until it returns; an error of it ends the export.
func (s *Service) Export(ctx context.Context, q Queue, begin func(total int64), each func(*StoredMessage) error) error {
	err := s.o.Store.Partition(q.key.partition()).View(ctx, func(r store.Reader) error {
		w, err := s.walk(q.key, r)
		if err != nil {
			return err
		}
		begin(w.meta.Messages)
		w.visit = func(v *visited) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, out, ok, err := s.stored(w, v)
			if err != nil || !ok {
				return err
			}
			return each(&out)
		}
		return w.run()
	})
	return q.explain(err)
}
