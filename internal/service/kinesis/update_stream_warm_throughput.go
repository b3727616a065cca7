package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// UpdateStreamWarmThroughput begins to change the write throughput for which an
// on-demand stream is kept ready.
func (s *Service) UpdateStreamWarmThroughput(ctx context.Context, in *kinesisapi.UpdateStreamWarmThroughputInput, out *kinesisapi.UpdateStreamWarmThroughputOutput) error {
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	if err := s.checkWarmThroughput(ctx, st.settings, in.WarmThroughputMiBps); err != nil {
		return err
	}
	want, current := in.WarmThroughputMiBps.V, int32(0)
	err = s.changeSettings(ctx, in.StreamName, in.StreamARN, func(_ *streamState, d *description, next *settings) error {
		current = d.WarmMiBps
		if !d.OnDemand {
			return warmNeedsOnDemand()
		}
		if current == want {
			return errUnchanged
		}
		next.WarmMiBps = want
		return nil
	})
	if err != nil {
		return err
	}
	out.StreamName, out.StreamARN = api.Some(st.key.name), api.Some(st.key.arn())
	out.WarmThroughput = &kinesisapi.WarmThroughputObject{TargetMiBps: api.Some(want), CurrentMiBps: api.Some(current)}
	return nil
}

// maxWarmMiBps is the most warm throughput of a stream: 10 GiB/s (reference §4.1).
const maxWarmMiBps = 10240

// checkWarmThroughput refuses warm throughput where the stream is not on-demand
// or the account has not committed to a minimum throughput.
func (s *Service) checkWarmThroughput(ctx context.Context, set settings, want api.Opt[int32]) error {
	if !want.Set {
		return nil
	}
	if !set.OnDemand {
		return warmNeedsOnDemand()
	}
	call := api.CallOf(ctx)
	account, err := s.registry(call.Account, call.Region).settings(ctx)
	if err != nil {
		return err
	}
	if !account.committed(s.o.Clock.Now()) {
		return api.ErrValidation.New("WarmThroughputMiBps requires MinimumThroughputBillingCommitment to be enabled for the account.")
	}
	if want.V < 0 || want.V > maxWarmMiBps {
		return api.ErrValidation.New("WarmThroughputMiBps must be between 0 and %d.", maxWarmMiBps)
	}
	return nil
}

func warmNeedsOnDemand() error {
	return api.ErrValidation.New("WarmThroughputMiBps is only supported for streams in ON_DEMAND mode.")
}
