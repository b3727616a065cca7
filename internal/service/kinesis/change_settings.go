package kinesis

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// errUnchanged is what an edit of settings returns when there is nothing to do.
var errUnchanged = errors.New("settings are unchanged")

// changeSettings begins an update of an ACTIVE stream's settings: it is UPDATING
// when this returns, and the settings that edit made hold at the end of the
// transition. edit may also change what takes effect at once, and may refuse; with
// errUnchanged the stream stays as it is. It may run again.
func (s *Service) changeSettings(ctx context.Context, name, arn api.Opt[string], edit func(st *streamState, d *description, new *settings) error) error {
	h, _, err := s.resolve(ctx, name, arn)
	if err != nil {
		return err
	}
	err = h.update(ctx, func(tx store.Tx, st *streamState) error {
		if err := wantActive(st); err != nil {
			return err
		}
		d, set := st.description, st.settings
		if err := edit(st, &d, &set); err != nil {
			return err
		}
		s.begin(&d, updating, &change{Settings: &set})
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// wanted are the settings as they will be once the change under way is through.
func (st *streamState) wanted() settings {
	if c := st.Change; c != nil && c.Settings != nil {
		return *c.Settings
	}
	return st.settings
}
