package crash

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// maxOpen is how many open shards a resharder goes up to.
const maxOpen = 8

// resharder splits, merges and scales a stream at random, one after another,
// and knows how many open shards that must have made.
type resharder struct {
	stream string
	rnd    *rand.Rand
	open   int // before the last change; 0: not known yet
	want   int // after it
	acked  bool
}

func (r *resharder) run(ctx context.Context, c *kinesis.Client) error {
	for ctx.Err() == nil {
		if err := r.verify(ctx, c); err != nil {
			return err
		}
		if err := r.change(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// verify waits for the end of the last change and looks whether it took place.
func (r *resharder) verify(ctx context.Context, c *kinesis.Client) error {
	if st, err := settled(ctx, c, r.stream); err != nil || st != types.StreamStatusActive {
		return fmt.Errorf("stream %s is %q: %w", r.stream, st, err)
	}
	open, err := r.openShards(ctx, c)
	if err != nil {
		return err
	}
	if n := len(open); r.open != 0 && n != r.want && (r.acked || n != r.open) {
		return fmt.Errorf("stream %s has %d open shards, after a change from %d to %d (acknowledged: %t)", r.stream, n, r.open, r.want, r.acked)
	}
	return nil
}

func (r *resharder) openShards(ctx context.Context, c *kinesis.Client) ([]history.Shard, error) {
	shards, err := listShards(ctx, c, r.stream)
	open := slices.DeleteFunc(shards, func(sh history.Shard) bool { return !sh.Open })
	slices.SortFunc(open, func(a, b history.Shard) int { return slices.Compare(a.Start[:], b.Start[:]) })
	return open, err
}

// change begins one change.
func (r *resharder) change(ctx context.Context, c *kinesis.Client) error {
	open, err := r.openShards(ctx, c)
	if err != nil {
		return err
	}
	n := len(open)
	r.open, r.want, r.acked = n, n, false
	switch choice := r.rnd.IntN(3); {
	case choice == 0 && n < maxOpen:
		r.want = n + 1
		sh := open[r.rnd.IntN(n)]
		_, err = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &r.stream, ShardToSplit: &sh.ID, NewStartingHashKey: aws.String(decimal(between(sh.Start, sh.End)))})
	case choice == 1 && n > 1:
		r.want = n - 1
		i := r.rnd.IntN(n - 1)
		_, err = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &r.stream, ShardToMerge: &open[i].ID, AdjacentShardToMerge: &open[i+1].ID})
	default:
		least, most := (n+1)/2, min(2*n, maxOpen)
		r.want = least + r.rnd.IntN(most-least+1)
		_, err = c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &r.stream, ScalingType: types.ScalingTypeUniformScaling, TargetShardCount: aws.Int32(int32(r.want))})
	}
	r.acked = err == nil
	return err
}

// between is the middle of two hashes.
func between(a, b history.Hash) (m history.Hash) {
	sum := new(big.Int).Add(new(big.Int).SetBytes(a[:]), new(big.Int).SetBytes(b[:]))
	sum.Rsh(sum, 1).FillBytes(m[:])
	return m
}
