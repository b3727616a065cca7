package consumer

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Shard is one shard of the stream.
type Shard struct {
	ID      string
	Parents []string // one after a split, two after a merge, none of a stream's first
	// The hash range, decimal, both ends inclusive.
	FirstHashKey, LastHashKey string
}

func shardOf(s types.Shard) Shard {
	shard := Shard{ID: aws.ToString(s.ShardId)}
	for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if p != nil {
			shard.Parents = append(shard.Parents, *p)
		}
	}
	if r := s.HashKeyRange; r != nil {
		shard.FirstHashKey, shard.LastHashKey = aws.ToString(r.StartingHashKey), aws.ToString(r.EndingHashKey)
	}
	return shard
}

func childrenOf(children []types.ChildShard) []Shard {
	var shards []Shard
	for _, c := range children {
		s := Shard{ID: aws.ToString(c.ShardId), Parents: c.ParentShards}
		if r := c.HashKeyRange; r != nil {
			s.FirstHashKey, s.LastHashKey = aws.ToString(r.StartingHashKey), aws.ToString(r.EndingHashKey)
		}
		shards = append(shards, s)
	}
	return shards
}

// list returns the stream's shards, with a filter only some.
func (f *Follower) list(ctx context.Context, filter *types.ShardFilter) ([]Shard, error) {
	in := &kinesis.ListShardsInput{ShardFilter: filter, StreamName: f.name(), StreamARN: f.arn()}
	var shards []Shard
	for {
		out, err := f.o.Client.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.Shards {
			shards = append(shards, shardOf(s))
		}
		if out.NextToken == nil {
			return shards, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

// descendants finds the children of a shard that itself can be read no more.
func (f *Follower) descendants(ctx context.Context, shard string) ([]Shard, error) {
	shards, err := f.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(shards, func(s Shard) bool { return !slices.Contains(s.Parents, shard) }), nil
}
