package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
)

// maxWarmMiBps is the most warm throughput of a stream: 10 GiB/s (reference §4.1).
const maxWarmMiBps = 10240

// checkWarmThroughput refuses warm throughput where the stream is not on-demand
// or the account has not committed to a minimum throughput.
func (s *Service) checkWarmThroughput(ctx context.Context, set settings, want api.Opt[int32]) error {
	if !want.Set {
		return nil
	}
	if !set.OnDemand {
		return api.ErrValidation.New("WarmThroughputMiBps is only supported for streams in ON_DEMAND mode.")
	}
	call := api.CallOf(ctx)
	account, err := s.registry(call.Account, call.Region).settings(ctx)
	if err != nil {
		return err
	}
	if !account.committed() {
		return api.ErrValidation.New("WarmThroughputMiBps requires MinimumThroughputBillingCommitment to be enabled for the account.")
	}
	if want.V < 0 || want.V > maxWarmMiBps {
		return api.ErrValidation.New("WarmThroughputMiBps must be between 0 and %d.", maxWarmMiBps)
	}
	return nil
}
