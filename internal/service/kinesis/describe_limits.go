package kinesis

import (
	"context"
	"math"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeLimits shows the account's quotas in the region and what is used of
// them. Without a shard quota the limit is the largest number that fits.
func (s *Service) DescribeLimits(ctx context.Context, _ *kinesisapi.DescribeLimitsInput, out *kinesisapi.DescribeLimitsOutput) error {
	call := api.CallOf(ctx)
	rows, err := s.registry(call.Account, call.Region).list(ctx)
	if err != nil {
		return err
	}
	limit := s.o.ShardQuota
	if limit == 0 {
		limit = math.MaxInt32
	}
	out.ShardLimit = api.Some(int32(limit))
	out.OpenShardCount = api.Some(int32(openShards(rows)))
	out.OnDemandStreamCount = api.Some(int32(onDemandStreams(rows)))
	out.OnDemandStreamCountLimit = api.Some(int32(maxOnDemand))
	return nil
}

func onDemandStreams(rows []*registryRow) (n int) {
	for _, entry := range rows {
		if entry.OnDemand {
			n++
		}
	}
	return n
}
