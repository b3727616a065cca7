package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DescribeAccountSettings shows the account's commitment in the region.
func (s *Service) DescribeAccountSettings(ctx context.Context, _ *kinesisapi.DescribeAccountSettingsInput, out *kinesisapi.DescribeAccountSettingsOutput) error {
	call := api.CallOf(ctx)
	a, err := s.registry(call.Account, call.Region).settings(ctx)
	if err != nil {
		return err
	}
	out.MinimumThroughputBillingCommitment = a.shape(s.o.Clock.Now())
	return nil
}
