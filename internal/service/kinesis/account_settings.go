package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// accountSettings is the registry's row of settings.
type accountSettings struct {
	Commitment    string    `json:"commitment,omitempty"` // ENABLED or DISABLED
	StartedAt     time.Time `json:"startedAt,omitzero"`
	EndedAt       time.Time `json:"endedAt,omitzero"`
	EarliestEndAt time.Time `json:"earliestEndAt,omitzero"`
}

func (a accountSettings) committed() bool { return a.Commitment == "ENABLED" }

// settings returns the settings of the account in the region.
func (r registry) settings(ctx context.Context) (a accountSettings, err error) {
	err = r.part.View(ctx, func(rd store.Reader) error {
		b, err := rd.Get(settingsKey)
		if isNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return decodeRow(b, &a)
	})
	return a, err
}
