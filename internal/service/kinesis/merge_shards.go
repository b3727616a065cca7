package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// MergeShards begins to merge two neighbours. The child names ShardToMerge as
// its parent and the other as its adjacent one.
func (s *Service) MergeShards(ctx context.Context, in *kinesisapi.MergeShardsInput) error {
	h, st, err := s.resolveForReshard(ctx, in.StreamName, in.StreamARN, in.ShardToMerge.V, in.AdjacentShardToMerge.V)
	if err != nil {
		return err
	}
	return s.beginReshard(ctx, h, st, len(st.openShard), func(st *streamState) (*reshard, error) {
		a, err := openShard(st, in.ShardToMerge.V)
		if err != nil {
			return nil, err
		}
		b, err := openShard(st, in.AdjacentShardToMerge.V)
		if err != nil {
			return nil, err
		}
		if a.End.Next() != b.Start && b.End.Next() != a.Start || a == b {
			return nil, kinesisapi.ErrInvalidArgumentException.New("Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging", a.id, b.id, st.key.name, st.key.account)
		}
		return &reshard{Merge: &mergeIntent{Shard: a.Index, Adjacent: b.Index}}, nil
	})
}

// resolveForReshard makes the checks of splits and merges in AWS's order: the
// form of the shard ids, the stream, its mode, its status, the shards
// (reference kinesis-streams §4.2).
func (s *Service) resolveForReshard(ctx context.Context, name, arn api.Opt[string], shards ...string) (*stream, *streamState, error) {
	key, err := streamOf(ctx, name, arn)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range shards {
		if _, ok := parseShardID(id); !ok {
			return nil, nil, shardNotFound(key, id)
		}
	}
	h, st, err := s.resolveKey(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	if err := wantProvisioned(st); err != nil {
		return nil, nil, err
	}
	return h, st, nil
}

func shardNotFound(key streamKey, id string) error {
	return kinesisapi.ErrResourceNotFoundException.New("Could not find shard %s in stream %s under account %s.", id, key.name, key.account)
}

// wantProvisioned refuses what on-demand streams do by themselves.
func wantProvisioned(st *streamState) error {
	if st.OnDemand {
		return api.ErrValidation.New("Request is invalid. Stream %s under account %s is in On-Demand mode.", st.key.name, st.key.account)
	}
	return nil
}

// openShard finds a shard that can be split or merged.
func openShard(st *streamState, id string) (*shard, error) {
	sh := st.shardByID(id)
	if sh == nil {
		return nil, shardNotFound(st.key, id)
	}
	if !sh.open() {
		return nil, kinesisapi.ErrInvalidArgumentException.New("Shard %s in stream %s under account %s has already been merged or split, and thus is not eligible for merging or splitting.", sh.id, st.key.name, st.key.account)
	}
	return sh, nil
}
