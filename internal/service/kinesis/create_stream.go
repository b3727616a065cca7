package kinesis

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/base/hash128"
)

const (
	onDemandShards   = 4  // an on-demand stream begins with (recorded from AWS, reference §4.1)
	defaultRetention = 24 // hours
	defaultRecordKiB = 1024
	maxRecordKiB     = 10240
	maxCreating      = 5  // streams of an account in CREATING
	maxOnDemand      = 50 // on-demand streams of an account
)

// CreateStream makes a stream. Its name is reserved in the registry first; the
// stream's own partition follows, and a crash in between is completed at the
// next start.
func (s *Service) CreateStream(ctx context.Context, in *kinesisapi.CreateStreamInput) error {
	call := api.CallOf(ctx)
	key := streamKey{call.Account, call.Region, in.StreamName.V}
	set := settings{
		RetentionHours:   defaultRetention,
		MaxRecordKiB:     in.MaxRecordSizeInKiB.Or(defaultRecordKiB),
		WarmMiBps:        in.WarmThroughputMiBps.V,
		AutoDistribution: in.RecordDistributionStrategy.V == kinesisapi.RecordDistributionStrategyAuto,
	}
	shards := int(in.ShardCount.V)
	// Without a mode and a count AWS makes an on-demand stream's four shards.
	set.OnDemand = in.StreamModeDetails != nil && in.StreamModeDetails.StreamMode.V == kinesisapi.StreamModeOnDemand
	switch {
	case set.OnDemand && in.ShardCount.Set:
		return api.ErrValidation.New("ShardCount must not be specified for a stream in ON_DEMAND mode.")
	case set.OnDemand || in.StreamModeDetails == nil && !in.ShardCount.Set:
		shards = onDemandShards
	case !in.ShardCount.Set:
		return api.ErrValidation.New("ShardCount is required for a stream in PROVISIONED mode.")
	}
	if err := checkMaxRecordSize(set.MaxRecordKiB); err != nil {
		return err
	}
	if err := checkDistribution(set.AutoDistribution, set.OnDemand); err != nil {
		return err
	}
	if err := s.checkWarmThroughput(ctx, set, in.WarmThroughputMiBps); err != nil {
		return err
	}
	if err := checkTags(in.Tags, nil); err != nil {
		return err
	}
	entry := &registryRow{Name: key.name, Shards: shards, OnDemand: set.OnDemand, Initial: description{settings: set, NextShard: uint32(shards), Tags: in.Tags}}
	now := s.o.Clock.Now().UTC()
	entry.Initial.CreatedAt = now
	s.begin(&entry.Initial, creating, nil)
	if err := s.awaitBurial(ctx, key); err != nil {
		return err
	}
	err := s.registry(key.account, key.region).reserve(ctx, entry, now, func(rows []*registryRow) error {
		return s.checkCreate(ctx, key, entry, rows)
	})
	if err != nil {
		return err
	}
	fault.Point("kinesis.create.reserved")
	if err := s.writeStream(ctx, key, entry); err != nil {
		return err
	}
	h, st, err := s.stream(ctx, key) // arms the end of CREATING
	if err == nil && st != nil {
		h.settleAtOnce(ctx)
	}
	return err
}

// awaitBurial waits while a stream of the name is gone for everyone else, but
// its deletion has yet to free the name: who was told that there is no such
// stream may create it.
func (s *Service) awaitBurial(ctx context.Context, key streamKey) error {
	reg := s.registry(key.account, key.region)
	for {
		changed := reg.part.Changed()
		_, st, err := s.stream(ctx, key)
		if err != nil || st != nil {
			return err
		}
		rows, err := reg.list(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rows, func(r *registryRow) bool { return r.Name == key.name && r.Deleting }) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// checkCreate holds a new stream against those that there are.
func (s *Service) checkCreate(ctx context.Context, key streamKey, entry *registryRow, rows []*registryRow) error {
	if slices.ContainsFunc(rows, func(r *registryRow) bool { return r.Name == key.name }) {
		return kinesisapi.ErrResourceInUseException.New("Stream %s under account %s already exists.", key.name, key.account)
	}
	if open := openShards(rows); s.o.ShardQuota > 0 && open+entry.Shards > s.o.ShardQuota {
		return shardQuotaExceeded(key.account, s.o.ShardQuota, open, entry.Shards)
	}
	inCreation := 0
	for _, r := range rows {
		_, st, err := s.stream(ctx, streamKey{key.account, key.region, r.Name})
		if err != nil {
			return err
		}
		if st == nil || st.Status == creating {
			inCreation++
		}
	}
	if entry.OnDemand {
		if err := checkOnDemandCount(key, rows); err != nil {
			return err
		}
	}
	if inCreation >= maxCreating {
		return kinesisapi.ErrLimitExceededException.New("Number of streams in CREATING state cannot exceed %d for the account %s.", maxCreating, key.account)
	}
	return nil
}

func shardQuotaExceeded(account string, limit, open, more int) error {
	return kinesisapi.ErrLimitExceededException.New("This request would exceed the shard limit for the account %s. Current shard count for the account: %d. Limit: %d. Number of additional shards that would have resulted from this request: %d.", account, open, limit, more)
}

// firstShards are the n shards with which the stream begins.
func firstShards(d *description, n int) []*shard {
	shards := make([]*shard, n)
	for i := range shards {
		shards[i] = &shard{Index: uint32(i), Created: int64(d.Incarnation), Opened: d.CreatedAt, Start: hash128.Bound(i, n), End: hash128.Bound(i+1, n).Prev()}
	}
	return shards
}
