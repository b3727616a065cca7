package demo

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// activePoll is how often a stream is asked whether it is active again.
const activePoll = 50 * time.Millisecond

// split halves the open shard that most lines arrived from, and returns what it did.
func (d *demo) split(ctx context.Context) (string, error) {
	began := time.Now()
	shards, err := d.openShards(ctx)
	if err != nil {
		return "", err
	}
	parent := slices.MaxFunc(shards, func(a, b types.Shard) int { return int(d.board.lines(*a.ShardId) - d.board.lines(*b.ShardId)) })
	first, last := bound(parent.HashKeyRange.StartingHashKey), bound(parent.HashKeyRange.EndingHashKey)
	middle := new(big.Int).Add(first, last)
	middle.Rsh(middle, 1).Add(middle, big.NewInt(1))
	at := middle.String()
	if _, err := d.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &d.stream, ShardToSplit: parent.ShardId, NewStartingHashKey: &at}); err != nil {
		return "", fmt.Errorf("split %s: %w", *parent.ShardId, err)
	}
	if err := d.awaitActive(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("split shard %s in its middle%s, in %s", shortID(*parent.ShardId), d.into(ctx, *parent.ShardId), took(began)), nil
}

// merge joins the two neighbours that the fewest lines arrived from, other than
// the halves of a shard that was split.
func (d *demo) merge(ctx context.Context) (string, error) {
	began := time.Now()
	shards, err := d.openShards(ctx)
	if err != nil {
		return "", err
	}
	slices.SortFunc(shards, func(a, b types.Shard) int {
		return bound(a.HashKeyRange.StartingHashKey).Cmp(bound(b.HashKeyRange.StartingHashKey))
	})
	best, least := 0, int64(-1)
	for i := range len(shards) - 1 {
		if p, q := shards[i].ParentShardId, shards[i+1].ParentShardId; p != nil && q != nil && *p == *q {
			continue
		}
		if n := d.board.lines(*shards[i].ShardId) + d.board.lines(*shards[i+1].ShardId); least < 0 || n < least {
			best, least = i, n
		}
	}
	if least < 0 {
		return "", errors.New("merge: the stream has no neighbours to join")
	}
	a, b := shards[best], shards[best+1]
	if _, err := d.client.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &d.stream, ShardToMerge: a.ShardId, AdjacentShardToMerge: b.ShardId}); err != nil {
		return "", fmt.Errorf("merge %s and %s: %w", *a.ShardId, *b.ShardId, err)
	}
	if err := d.awaitActive(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("merged shards %s and %s%s, in %s", shortID(*a.ShardId), shortID(*b.ShardId), d.into(ctx, *a.ShardId), took(began)), nil
}

func took(began time.Time) string { return fmt.Sprintf("%d ms", time.Since(began).Milliseconds()) }

func bound(decimal *string) *big.Int {
	n, ok := new(big.Int).SetString(*decimal, 10)
	if !ok {
		return new(big.Int) // AWS's own form: never another
	}
	return n
}

func (d *demo) openShards(ctx context.Context) ([]types.Shard, error) {
	out, err := d.client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &d.stream, ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}})
	if err != nil {
		return nil, fmt.Errorf("list the shards: %w", err)
	}
	return out.Shards, nil
}

// into names the children of a shard, for a person; "" where they cannot be told.
func (d *demo) into(ctx context.Context, parent string) string {
	shards, err := d.openShards(ctx)
	if err != nil {
		return ""
	}
	text := ""
	for _, s := range shards {
		if s.ParentShardId == nil || *s.ParentShardId != parent {
			continue
		}
		if text == "" {
			text = " into " + shortID(*s.ShardId)
		} else {
			text += " and " + shortID(*s.ShardId)
		}
	}
	return text
}

// awaitActive waits until no change of the stream is under way.
func (d *demo) awaitActive(ctx context.Context) error {
	for {
		out, err := d.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &d.stream})
		if err != nil {
			return err
		}
		if out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive {
			return nil
		}
		select {
		case <-time.After(activePoll):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
