package kinesis

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// shardMetrics are the metrics that enhanced monitoring shows for each shard.
var shardMetrics = []string{
	kinesisapi.MetricsNameIncomingBytes,
	kinesisapi.MetricsNameIncomingRecords,
	kinesisapi.MetricsNameIteratorAgeMilliseconds,
	kinesisapi.MetricsNameOutgoingBytes,
	kinesisapi.MetricsNameOutgoingRecords,
	kinesisapi.MetricsNameReadProvisionedThroughputExceeded,
	kinesisapi.MetricsNameWriteProvisionedThroughputExceeded,
}

// EnableEnhancedMonitoring adds shard-level metrics.
func (s *Service) EnableEnhancedMonitoring(ctx context.Context, in *kinesisapi.EnableEnhancedMonitoringInput, out *kinesisapi.EnhancedMonitoringOutput) error {
	return s.changeMonitoring(ctx, in.StreamName, in.StreamARN, out, func(metric string, now bool) bool {
		return now || asked(in.ShardLevelMetrics, metric)
	})
}

func asked(names []string, metric string) bool {
	return slices.Contains(names, metric) || slices.Contains(names, kinesisapi.MetricsNameAll)
}

// changeMonitoring sets the shard-level metrics to those that want picks, which
// is told whether a metric is on.
func (s *Service) changeMonitoring(ctx context.Context, name, arn api.Opt[string], out *kinesisapi.EnhancedMonitoringOutput, want func(metric string, now bool) bool) error {
	return s.changeSettings(ctx, name, arn, func(st *streamState, _ *description, set *settings) error {
		desired := []string{}
		for _, m := range shardMetrics {
			if want(m, slices.Contains(set.ShardMetrics, m)) {
				desired = append(desired, m)
			}
		}
		out.StreamName, out.StreamARN = api.Some(st.key.name), api.Some(st.key.arn())
		out.CurrentShardLevelMetrics = append([]string{}, set.ShardMetrics...)
		out.DesiredShardLevelMetrics = desired
		set.ShardMetrics = desired
		return nil
	})
}
