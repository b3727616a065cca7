package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeStreamConsumer describes one registered consumer.
func (s *Service) DescribeStreamConsumer(ctx context.Context, in *kinesisapi.DescribeStreamConsumerInput, out *kinesisapi.DescribeStreamConsumerOutput) error {
	_, st, c, err := s.namedConsumer(ctx, in.StreamARN, in.ConsumerName, in.ConsumerARN)
	if err != nil {
		return err
	}
	out.ConsumerDescription = &kinesisapi.ConsumerDescription{
		ConsumerName:              api.Some(c.Name),
		ConsumerARN:               api.Some(consumerARN(st.key, c)),
		ConsumerStatus:            api.Some(c.Status),
		ConsumerCreationTimestamp: api.Some(c.CreatedAt),
		StreamARN:                 api.Some(st.key.arn()),
	}
	return nil
}
