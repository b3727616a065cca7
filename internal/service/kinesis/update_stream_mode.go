package kinesis

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// maxModeSwitches is how often a stream's mode may change within 24 hours
// (reference kinesis-streams §4.1).
const maxModeSwitches = 2

// UpdateStreamMode begins to switch a stream between provisioned and on-demand.
// Its shards stay. A switch to the mode that it has changes nothing.
func (s *Service) UpdateStreamMode(ctx context.Context, in *kinesisapi.UpdateStreamModeInput) error {
	h, st, err := s.resolve(ctx, api.Opt[string]{}, in.StreamARN)
	if err != nil {
		return err
	}
	onDemand := in.StreamModeDetails.StreamMode.V == kinesisapi.StreamModeOnDemand
	if err := s.checkWarmThroughput(ctx, settings{OnDemand: onDemand}, in.WarmThroughputMiBps); err != nil {
		return err
	}
	now := s.o.Clock.Now().UTC()
	edit := func(st *streamState, d *description, next *settings) error {
		if d.OnDemand == onDemand {
			return errUnchanged
		}
		if !onDemand && len(st.queues) > 0 {
			return kinesisapi.ErrResourceInUseException.New("Stream %s under account %s has queues, which need the ON_DEMAND mode.", h.key.name, h.key.account)
		}
		d.ModeSwitches = recent(d.ModeSwitches, now)
		if len(d.ModeSwitches) >= maxModeSwitches {
			return kinesisapi.ErrLimitExceededException.New("The mode of stream %s under account %s cannot be switched more than %d times in a 24 hour period.", h.key.name, h.key.account, maxModeSwitches)
		}
		d.ModeSwitches = append(d.ModeSwitches, now)
		next.OnDemand, next.WarmMiBps = onDemand, in.WarmThroughputMiBps.V
		next.AutoDistribution = next.AutoDistribution && onDemand
		return nil
	}
	if err := wantActive(st); err != nil {
		return err
	}
	d, next := st.description, st.settings
	if err := edit(st, &d, &next); err != nil {
		if errors.Is(err, errUnchanged) {
			return nil
		}
		return err
	}
	// The registry counts on-demand streams, so it comes first.
	err = s.registry(h.key.account, h.key.region).change(ctx, h.key.name, func(entry *registryRow, all []*registryRow) error {
		if onDemand && !entry.OnDemand {
			if err := checkOnDemandCount(h.key, all); err != nil {
				return err
			}
		}
		entry.OnDemand = entry.OnDemand || onDemand
		return nil
	})
	if err != nil {
		return err
	}
	err = s.changeSettings(ctx, api.Opt[string]{}, in.StreamARN, edit)
	if settleErr := s.settleMode(ctx, h); err == nil {
		err = settleErr
	}
	return err
}

// settleMode corrects the registry's note of a stream's mode to what the stream
// is becoming.
func (s *Service) settleMode(ctx context.Context, h *stream) error {
	st, err := h.load(ctx)
	if err != nil || st == nil {
		return err
	}
	return s.registry(h.key.account, h.key.region).change(ctx, h.key.name, func(entry *registryRow, _ []*registryRow) error {
		entry.OnDemand = st.wanted().OnDemand
		return nil
	})
}

// checkOnDemandCount refuses one more on-demand stream beside those of rows.
func checkOnDemandCount(key streamKey, rows []*registryRow) error {
	if onDemandStreams(rows) < maxOnDemand {
		return nil
	}
	return kinesisapi.ErrLimitExceededException.New("This request would exceed the on-demand stream limit of %d for the account %s in %s.", maxOnDemand, key.account, key.region)
}
