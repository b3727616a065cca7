package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// DeleteQueue begins the end of a queue: it is DELETING when this returns and
// delivers nothing more, and gone after the transition delay. The stream's records
// stay.
func (s *Service) DeleteQueue(ctx context.Context, in *kinesisapi.DeleteQueueInput) error {
	q, err := s.resolveQueue(ctx, in.QueueARN.V)
	if err != nil {
		return err
	}
	reg := s.queueRegistry(q.key.account, q.key.region)
	all, err := reg.list(ctx)
	if err != nil {
		return err
	}
	err = q.update(store.Freeing(ctx), func(tx store.Tx, m *queueMemory) error {
		if m.desc.Status == deleting {
			return nil
		}
		if m.desc.Status != creating { // which counts already
			if err := reg.checkPending(ctx, all); err != nil {
				return err
			}
		}
		d := *m.desc
		d.begin(s, deleting, nil)
		m.set(tx, &d)
		return nil
	})
	if err != nil {
		return err
	}
	q.settleAtOnce(ctx)
	return nil
}
