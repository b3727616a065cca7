package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// UpdateQueue begins to change the attributes of a queue, which delivers all the
// while. What is in flight keeps its timeout.
func (s *Service) UpdateQueue(ctx context.Context, in *kinesisapi.UpdateQueueInput, out *kinesisapi.UpdateQueueOutput) error {
	q, err := s.resolveQueue(ctx, in.QueueARN.V)
	if err != nil {
		return err
	}
	var d queueDescription
	err = q.update(ctx, func(tx store.Tx, m *queueMemory) error {
		d = *m.desc
		if d.Status != active {
			return queueNotActive(q.key, &d)
		}
		change, err := d.with(in.QueueAttributes)
		if err != nil {
			return err
		}
		d.begin(s, updating, &change)
		m.set(tx, &d)
		return nil
	})
	if err != nil {
		return err
	}
	out.QueueDescription = d.shape(q.key)
	q.settleAtOnce(ctx)
	return nil
}

// queueNotActive is the answer to what needs a queue at rest.
func queueNotActive(key queueKey, d *queueDescription) error {
	return kinesisapi.ErrResourceInUseException.New("Queue %s not ACTIVE, instead in state %s.", key.arn(), d.Status)
}
