package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// UpdateStreamRecordDistributionStrategy decides whether a stream's records go
// where their keys say or are spread evenly. It takes effect at once; the stream
// stays ACTIVE.
func (s *Service) UpdateStreamRecordDistributionStrategy(ctx context.Context, in *kinesisapi.UpdateStreamRecordDistributionStrategyInput) error {
	h, _, err := s.resolve(ctx, api.Opt[string]{}, in.StreamARN)
	if err != nil {
		return err
	}
	auto := in.RecordDistributionStrategy.V == kinesisapi.RecordDistributionStrategyAuto
	return h.update(ctx, func(tx store.Tx, st *streamState) error {
		if err := wantActive(st); err != nil {
			return err
		}
		if err := checkDistribution(auto, st.OnDemand); err != nil {
			return err
		}
		d := st.description
		d.AutoDistribution = auto
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
}

// checkDistribution refuses the strategy AUTO for a provisioned stream.
func checkDistribution(auto, onDemand bool) error {
	if !auto || onDemand {
		return nil
	}
	return kinesisapi.ErrInvalidArgumentException.New("RecordDistributionStrategy AUTO is only supported for streams in ON_DEMAND mode.")
}
