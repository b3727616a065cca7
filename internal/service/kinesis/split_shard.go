package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// SplitShard begins to split a shard in two at a hash key.
func (s *Service) SplitShard(ctx context.Context, in *kinesisapi.SplitShardInput) error {
	h, st, err := s.resolveForReshard(ctx, in.StreamName, in.StreamARN, in.ShardToSplit.V)
	if err != nil {
		return err
	}
	intent := func(st *streamState) (*reshard, error) {
		sh, err := openShard(st, in.ShardToSplit.V)
		if err != nil {
			return nil, err
		}
		at, err := hash128.Parse(in.NewStartingHashKey.V)
		if err != nil || !sh.Start.Next().Less(at) || !at.Less(sh.End) {
			return nil, kinesisapi.ErrInvalidArgumentException.New("NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
				in.NewStartingHashKey.V, sh.id, st.key.name, st.key.account, sh.Start, sh.End)
		}
		return &reshard{Split: &splitIntent{Shard: sh.Index, At: at}}, nil
	}
	return s.beginReshard(ctx, h, st, len(st.openShard)+1, intent)
}

// beginReshard checks an intent, reserves the shards that it will need, and
// stores it.
func (s *Service) beginReshard(ctx context.Context, h *stream, st *streamState, shards int, intent func(*streamState) (*reshard, error)) error {
	if err := wantActive(st); err != nil {
		return err
	}
	if _, err := intent(st); err != nil {
		return err
	}
	if err := s.reserveShards(ctx, h.key, shards, func(open, limit int) error {
		return shardQuotaExceeded(h.key.account, limit, open, shards-len(st.openShard))
	}); err != nil {
		return err
	}
	return h.update(ctx, func(tx store.Tx, st *streamState) error {
		if err := wantActive(st); err != nil {
			return err
		}
		r, err := intent(st)
		if err != nil {
			return err
		}
		d := st.description
		s.begin(&d, updating, &change{Reshard: r})
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
}
