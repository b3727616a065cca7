package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store/row"
)

const maxListShards = 1000 // shards of one answer (reference kinesis-streams §3)

// shardFilter selects shards, as ListShards' ShardFilter and
// ExclusiveStartShardId do. It is in the page token, so that all pages are of
// one question.
type shardFilter struct {
	Kind string    `json:"kind,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// ListShards lists the shards of a stream, by id. What it shows is one state of
// the stream: its open shards cover the hash space, and no child is there while
// its parent is open.
func (s *Service) ListShards(ctx context.Context, in *kinesisapi.ListShardsInput, out *kinesisapi.ListShardsOutput) error {
	q, err := s.shardQuestion(ctx, in)
	if err != nil {
		return err
	}
	_, st, err := s.resolveKey(ctx, q.key)
	if err != nil {
		return err
	}
	if st.Status != active && st.Status != updating {
		return notActive(st)
	}
	if q.incarnation != 0 && q.incarnation != st.Incarnation {
		return streamNotFound(st.key)
	}
	if in.StreamCreationTimestamp.Set && in.StreamCreationTimestamp.V.Unix() != st.CreatedAt.Unix() {
		return streamNotFound(st.key)
	}
	horizon := s.horizon(st)
	limit := min(int(in.MaxResults.Or(maxListShards)), maxListShards)
	out.Shards = []kinesisapi.Shard{}
	for _, sh := range st.shards {
		if int64(sh.Index) <= q.after || !q.filter.selects(sh, st.CreatedAt, horizon) {
			continue
		}
		if len(out.Shards) == limit {
			out.NextToken, err = s.nextShards(st, q)
			return err
		}
		out.Shards = append(out.Shards, sh.shape())
		q.after = int64(sh.Index)
	}
	return nil
}

// selects reports whether the filter shows a shard. horizon is the oldest time
// of which records are kept; created is when the stream was made.
func (f shardFilter) selects(sh *shard, created, horizon time.Time) bool {
	if !sh.open() && sh.Closed.Before(horizon) {
		return false // nothing of it is left
	}
	if horizon.Before(created) {
		horizon = created
	}
	at := f.At
	if at.Before(horizon) {
		at = horizon
	}
	switch f.Kind {
	case kinesisapi.ShardFilterTypeAtLatest:
		return sh.open()
	case kinesisapi.ShardFilterTypeAtTrimHorizon:
		return sh.openAt(horizon)
	case kinesisapi.ShardFilterTypeAtTimestamp:
		return sh.openAt(at)
	case kinesisapi.ShardFilterTypeFromTimestamp:
		return sh.open() || !sh.Closed.Before(at)
	}
	return true
}

// openAt reports whether the shard was open at a time. The shards of which that
// is true cover the hash space once, whatever the time.
func (sh *shard) openAt(t time.Time) bool {
	return !sh.Opened.After(t) && (sh.open() || sh.Closed.After(t))
}

// shardQuestion is what a ListShards asks for, from its input or its token.
type shardQuestion struct {
	key         streamKey
	incarnation uint64 // 0: whatever stream has the name
	filter      shardFilter
	after       int64 // the index after which shards are shown; -1: from the first
}

func (s *Service) shardQuestion(ctx context.Context, in *kinesisapi.ListShardsInput) (q shardQuestion, err error) {
	q.after = -1
	named := in.StreamName.Set || in.StreamARN.Set
	if in.NextToken.Set {
		if named || in.ExclusiveStartShardId.Set || in.StreamCreationTimestamp.Set {
			return q, kinesisapi.ErrInvalidArgumentException.New("NextToken and StreamName cannot be provided together.")
		}
		return s.shardsOfToken(ctx, in.NextToken.V)
	}
	if !named {
		return q, kinesisapi.ErrInvalidArgumentException.New("Either NextToken or StreamName should be provided.")
	}
	if q.key, err = streamOf(ctx, in.StreamName, in.StreamARN); err != nil {
		return q, err
	}
	if in.ExclusiveStartShardId.Set {
		if q.after, err = startAfter(q.key, in.ExclusiveStartShardId.V); err != nil {
			return q, err
		}
	}
	if in.ShardFilter != nil {
		err = q.useFilter(in.ShardFilter)
	}
	return q, err
}

func (q *shardQuestion) useFilter(f *kinesisapi.ShardFilter) (err error) {
	q.filter.Kind = f.Type.V
	byTime := q.filter.Kind == kinesisapi.ShardFilterTypeAtTimestamp || q.filter.Kind == kinesisapi.ShardFilterTypeFromTimestamp
	byShard := q.filter.Kind == kinesisapi.ShardFilterTypeAfterShardId
	switch {
	case byTime != f.Timestamp.Set:
		return kinesisapi.ErrInvalidArgumentException.New("Timestamp must be provided if, and only if, the ShardFilter type is AT_TIMESTAMP or FROM_TIMESTAMP.")
	case byShard != f.ShardId.Set:
		return kinesisapi.ErrInvalidArgumentException.New("ShardId must be provided if, and only if, the ShardFilter type is AFTER_SHARD_ID.")
	}
	q.filter.At = f.Timestamp.V
	if byShard {
		after, err := startAfter(q.key, f.ShardId.V)
		q.after = max(q.after, after)
		return err
	}
	return nil
}

// startAfter reads the id of the shard after which a listing begins. The shard
// need not be there any more.
func startAfter(key streamKey, id string) (int64, error) {
	index, ok := parseShardID(id)
	if !ok {
		return 0, shardNotFound(key, id)
	}
	return int64(index), nil
}

// nextShards returns the token of the following page.
func (s *Service) nextShards(st *streamState, q shardQuestion) (api.Opt[string], error) {
	token, err := s.sealPage(page{op: "ListShards", key: st.key, incarnation: st.Incarnation, filter: row.Encode(q.filter), after: shardID(uint32(q.after))})
	return api.Some(token), err
}

// shardsOfToken reverses nextShards.
func (s *Service) shardsOfToken(ctx context.Context, token string) (q shardQuestion, err error) {
	p, err := s.openPage(ctx, "ListShards", token)
	if err != nil {
		return q, err
	}
	q.key, q.incarnation = p.key, p.incarnation
	if err := row.Decode(p.filter, &q.filter); err != nil {
		return q, err
	}
	q.after, err = startAfter(p.key, p.after)
	return q, err
}
