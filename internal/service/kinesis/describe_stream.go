package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// maxDescribeShards is how many shards DescribeStream shows at most, whatever
// the caller's Limit (reference kinesis-streams §3).
const maxDescribeShards = 100

// DescribeStream describes a stream with a page of its shards, by id. A stream
// in CREATING shows none.
func (s *Service) DescribeStream(ctx context.Context, in *kinesisapi.DescribeStreamInput, out *kinesisapi.DescribeStreamOutput) error {
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	after := int64(-1)
	if in.ExclusiveStartShardId.Set {
		if after, err = startAfter(st.key, in.ExclusiveStartShardId.V); err != nil {
			return err
		}
	}
	d := &kinesisapi.StreamDescription{
		StreamName:              api.Some(st.key.name),
		StreamARN:               api.Some(st.key.arn()),
		StreamStatus:            api.Some(st.Status),
		StreamModeDetails:       st.modeDetails(),
		Shards:                  []kinesisapi.Shard{},
		HasMoreShards:           api.Some(false),
		RetentionPeriodHours:    api.Some(st.RetentionHours),
		StreamCreationTimestamp: api.Some(st.CreatedAt),
		EnhancedMonitoring:      st.monitoring(),
		EncryptionType:          api.Some(st.encryption()),
		KeyId:                   st.keyID(),
	}
	out.StreamDescription = d
	if st.Status == creating {
		return nil
	}
	horizon := s.horizon(st)
	limit := min(int(in.Limit.Or(maxDescribeShards)), maxDescribeShards)
	for _, sh := range st.shards {
		if int64(sh.Index) <= after || !(shardFilter{}).selects(sh, st.CreatedAt, horizon) {
			continue
		}
		if len(d.Shards) == limit {
			d.HasMoreShards = api.Some(true)
			break
		}
		d.Shards = append(d.Shards, sh.shape())
	}
	return nil
}
