package kinesis

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeQueue describes one queue.
func (s *Service) DescribeQueue(ctx context.Context, in *kinesisapi.DescribeQueueInput, out *kinesisapi.DescribeQueueOutput) error {
	q, err := s.resolveQueue(ctx, in.QueueARN.V)
	if isCode(err, kinesisapi.ErrResourceNotFoundException) {
		out.QueueDescription, err = s.describeWithoutRows(ctx, in.QueueARN.V, err)
		return err
	}
	if err != nil {
		return err
	}
	d, err := q.describe(ctx)
	if errors.Is(err, errNoQueue) {
		out.QueueDescription, err = s.describeWithoutRows(ctx, in.QueueARN.V, queueNotFound(q.key))
		return err
	}
	if err != nil {
		return err
	}
	out.QueueDescription = d.shape(q.key)
	return nil
}

// describeWithoutRows describes a queue that is in the registry alone: its rows are
// still to come, or gone already. absent where there is none.
func (s *Service) describeWithoutRows(ctx context.Context, arn string, absent error) (*kinesisapi.QueueDescription, error) {
	key, _ := parseQueueARN(arn)
	if key.region != api.CallOf(ctx).Region {
		return nil, absent
	}
	reg := s.queueRegistry(key.account, key.region)
	all, err := reg.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.ID == key.id {
			d, err := s.describeEntry(ctx, key, e)
			if err != nil {
				return nil, err
			}
			return d.shape(key), nil
		}
	}
	return nil, absent
}
