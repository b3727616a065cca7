package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// accountSettings is the registry's row of settings.
type accountSettings struct {
	Commitment    string    `json:"commitment,omitempty"` // ENABLED or DISABLED, as last asked for
	StartedAt     time.Time `json:"startedAt,omitzero"`
	EndedAt       time.Time `json:"endedAt,omitzero"` // DISABLED: when the commitment ends or has ended
	EarliestEndAt time.Time `json:"earliestEndAt,omitzero"`
}

// status is the API's word for the commitment at a time: one that was disabled
// too early goes on to the end of its window.
func (a accountSettings) status(now time.Time) string {
	switch {
	case a.Commitment == kinesisapi.MinimumThroughputBillingCommitmentInputStatusEnabled:
		return kinesisapi.MinimumThroughputBillingCommitmentOutputStatusEnabled
	case now.Before(a.EndedAt):
		return kinesisapi.MinimumThroughputBillingCommitmentOutputStatusEnabledUntilEarliestAllowedEnd
	}
	return kinesisapi.MinimumThroughputBillingCommitmentOutputStatusDisabled
}

// committed reports whether what the commitment unlocks may be used.
func (a accountSettings) committed(now time.Time) bool {
	return a.status(now) != kinesisapi.MinimumThroughputBillingCommitmentOutputStatusDisabled
}

func (a accountSettings) shape(now time.Time) *kinesisapi.MinimumThroughputBillingCommitmentOutput {
	out := &kinesisapi.MinimumThroughputBillingCommitmentOutput{Status: api.Some(a.status(now))}
	if !a.StartedAt.IsZero() {
		out.StartedAt = api.Some(a.StartedAt)
	}
	if a.committed(now) {
		out.EarliestAllowedEndAt = api.Some(a.EarliestEndAt)
	} else if !a.EndedAt.IsZero() {
		out.EndedAt = api.Some(a.EndedAt)
	}
	return out
}

// settings returns the settings of the account in the region.
func (r registry) settings(ctx context.Context) (a accountSettings, err error) {
	err = r.part.View(ctx, func(rd store.Reader) error {
		a, err = readSettings(rd)
		return err
	})
	return a, err
}

func readSettings(rd store.Reader) (a accountSettings, err error) {
	_, err = row.Find(rd, settingsKey, &a)
	return a, err
}
