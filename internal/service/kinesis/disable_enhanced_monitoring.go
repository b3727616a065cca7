package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DisableEnhancedMonitoring removes shard-level metrics.
func (s *Service) DisableEnhancedMonitoring(ctx context.Context, in *kinesisapi.DisableEnhancedMonitoringInput, out *kinesisapi.EnhancedMonitoringOutput) error {
	return s.changeMonitoring(ctx, in.StreamName, in.StreamARN, out, func(metric string, now bool) bool {
		return now && !asked(in.ShardLevelMetrics, metric)
	})
}
