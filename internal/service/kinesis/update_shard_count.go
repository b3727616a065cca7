package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

const (
	maxShardCount   = 10_000 // that UpdateShardCount reaches
	maxCountUpdates = 10     // in a rolling 24 h
)

// UpdateShardCount begins to bring a stream to a number of equal shards.
func (s *Service) UpdateShardCount(ctx context.Context, in *kinesisapi.UpdateShardCountInput, out *kinesisapi.UpdateShardCountOutput) error {
	h, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	if err := wantProvisioned(st); err != nil {
		return err
	}
	target := int(in.TargetShardCount.V)
	now := s.o.Clock.Now().UTC()
	check := func(st *streamState) error {
		current := len(st.openShard)
		switch {
		case target > 2*current:
			return kinesisapi.ErrLimitExceededException.New("UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: %d Target shard count: %d", current, target)
		case 2*target < current:
			return kinesisapi.ErrLimitExceededException.New("UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: %d Target shard count: %d", current, target)
		case target > maxShardCount:
			return kinesisapi.ErrLimitExceededException.New("UpdateShardCount cannot scale a stream to more than %d shards.", maxShardCount)
		case s.o.APILimits && len(recent(st.CountUpdates, now)) >= maxCountUpdates:
			return kinesisapi.ErrLimitExceededException.New("UpdateShardCount cannot be called more than %d times in a 24 hour period for the stream %s under account %s.", maxCountUpdates, st.key.name, st.key.account)
		}
		return nil
	}
	if err := wantActive(st); err != nil {
		return err
	}
	if err := check(st); err != nil {
		return err
	}
	if err := s.reserveShards(ctx, h.key, target, func(open, limit int) error {
		return shardQuotaExceeded(h.key.account, limit, open, target-len(st.openShard))
	}); err != nil {
		return err
	}
	err = h.update(ctx, func(tx store.Tx, st *streamState) error {
		if err := wantActive(st); err != nil {
			return err
		}
		if err := check(st); err != nil {
			return err
		}
		out.CurrentShardCount = api.Some(int32(len(st.openShard)))
		d := st.description
		d.CountUpdates = append(recent(d.CountUpdates, now), now)
		s.begin(&d, updating, &change{Reshard: &reshard{Count: target}})
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
	if err != nil {
		return err
	}
	out.StreamName, out.StreamARN = api.Some(st.key.name), api.Some(st.key.arn())
	out.TargetShardCount = api.Some(int32(target))
	return nil
}
