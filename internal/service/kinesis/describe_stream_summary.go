package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeStreamSummary describes a stream without its shards. It never names a
// StreamId: a client that sends one back is led away from this server by its
// SDK's endpoint rules (reference kinesis-streams §1).
func (s *Service) DescribeStreamSummary(ctx context.Context, in *kinesisapi.DescribeStreamSummaryInput, out *kinesisapi.DescribeStreamSummaryOutput) error {
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	sum := &kinesisapi.StreamDescriptionSummary{
		StreamName:              api.Some(st.key.name),
		StreamARN:               api.Some(st.key.arn()),
		StreamStatus:            api.Some(st.Status),
		StreamModeDetails:       st.modeDetails(),
		RetentionPeriodHours:    api.Some(st.RetentionHours),
		StreamCreationTimestamp: api.Some(st.CreatedAt),
		EnhancedMonitoring:      st.monitoring(),
		EncryptionType:          api.Some(st.encryption()),
		KeyId:                   st.keyID(),
		OpenShardCount:          api.Some(int32(len(st.openShard))),
		ConsumerCount:           api.Some(int32(len(st.consumers))),
		MaxRecordSizeInKiB:      api.Some(st.MaxRecordKiB),
		ChannelCount:            api.Some(int32(0)),
		QueueCount:              api.Some(int32(len(st.queues))),
	}
	if st.Status == creating {
		sum.OpenShardCount = api.Some(int32(0))
	}
	if st.OnDemand {
		sum.RecordDistributionStrategy = api.Some(st.distribution())
		sum.WarmThroughput = st.warmThroughput()
	}
	out.StreamDescriptionSummary = sum
	return nil
}
