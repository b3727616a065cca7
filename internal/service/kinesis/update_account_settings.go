package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// UpdateAccountSettings enables or disables the commitment to a minimum
// throughput, which unlocks warm throughput and more consumers. It lasts at
// least a day: one that is disabled earlier ends then.
func (s *Service) UpdateAccountSettings(ctx context.Context, in *kinesisapi.UpdateAccountSettingsInput, out *kinesisapi.UpdateAccountSettingsOutput) error {
	call := api.CallOf(ctx)
	want := in.MinimumThroughputBillingCommitment.Status.V
	now := s.o.Clock.Now().UTC()
	var a accountSettings
	err := s.registry(call.Account, call.Region).part.Update(ctx, func(tx store.Tx) (err error) {
		if a, err = readSettings(tx); err != nil {
			return err
		}
		enable := want == kinesisapi.MinimumThroughputBillingCommitmentInputStatusEnabled
		switch {
		case enable && !a.committed(now):
			a = accountSettings{Commitment: want, StartedAt: now, EarliestEndAt: now.Add(day)}
		case enable:
			a.Commitment, a.EndedAt = want, time.Time{}
		case a.status(now) == kinesisapi.MinimumThroughputBillingCommitmentOutputStatusEnabled:
			a.Commitment, a.EndedAt = want, now
			if a.EarliestEndAt.After(now) {
				a.EndedAt = a.EarliestEndAt
			}
		default:
			return nil
		}
		tx.Set(settingsKey, row.Encode(a))
		return nil
	})
	if err != nil {
		return err
	}
	out.MinimumThroughputBillingCommitment = a.shape(now)
	return nil
}
