package kinesis

import (
	"context"
	"errors"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeQueue describes one queue.
func (s *Service) DescribeQueue(ctx context.Context, in *kinesisapi.DescribeQueueInput, out *kinesisapi.DescribeQueueOutput) error {
	q, err := s.resolveQueue(ctx, in.QueueARN.V)
	if err != nil {
		return err
	}
	d, err := q.describe(ctx)
	if errors.Is(err, errNoQueue) {
		return queueNotFound(q.key)
	}
	if err != nil {
		return err
	}
	out.QueueDescription = d.shape(q.key)
	return nil
}
