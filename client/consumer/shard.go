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
}

func shardOf(s types.Shard) Shard {
	shard := Shard{ID: aws.ToString(s.ShardId)}
	for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if p != nil {
			shard.Parents = append(shard.Parents, *p)
		}
	}
	return shard
}

func childrenOf(children []types.ChildShard) []Shard {
	var shards []Shard
	for _, c := range children {
		shards = append(shards, Shard{ID: aws.ToString(c.ShardId), Parents: c.ParentShards})
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

// descendants finds the children of a shard that is not there any more. Where it
// is, something else was not found, and why is returned: what reads on later must
// not take the shard for read.
func (f *Follower) descendants(ctx context.Context, shard string, why error) (children []Shard, err error) {
	shards, err := f.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, s := range shards {
		if s.ID == shard {
			return nil, why
		}
		if slices.Contains(s.Parents, shard) {
			children = append(children, s)
		}
	}
	return children, nil
}
