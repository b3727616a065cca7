package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// skew is how far a caller's clock may run ahead of the server's.
const skew = 5 * time.Second

// startingPoint is where a reader begins, as GetShardIterator and
// SubscribeToShard are told.
type startingPoint struct {
	kind   string // the iterator type
	number api.Opt[string]
	time   api.Opt[time.Time]
}

// GetShardIterator returns a position in a shard. LATEST means the tip at the
// time of this call.
func (s *Service) GetShardIterator(ctx context.Context, in *kinesisapi.GetShardIteratorInput, out *kinesisapi.GetShardIteratorOutput) error {
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	sh, err := readableShard(st, in.ShardId.V)
	if err != nil {
		return err
	}
	pos, err := s.startAt(ctx, st, sh, startingPoint{in.ShardIteratorType.V, in.StartingSequenceNumber, in.Timestamp})
	if err != nil {
		return err
	}
	if err := dryRun(in.DryRun); err != nil {
		return err
	}
	now := s.o.Clock.Now()
	if !sh.runtime.iteratorCalls.take(now, 1) {
		return kinesisapi.ErrProvisionedThroughputExceededException.New("%s", throttledMessage(st, sh.id))
	}
	token, err := s.sealIterator(iterator{key: st.key, incarnation: st.Incarnation, shard: sh.Index, position: pos, made: now})
	if err != nil {
		return err
	}
	out.ShardIterator = api.Some(token)
	return nil
}

// readableShard finds a shard to read from.
func readableShard(st *streamState, id string) (*shard, error) {
	sh := st.shardByID(id)
	if sh == nil || st.Status == creating {
		return nil, kinesisapi.ErrResourceNotFoundException.New("Shard %s in stream %s under account %s does not exist", id, st.key.name, st.key.account)
	}
	return sh, nil
}

// startAt turns a starting point into a position.
func (s *Service) startAt(ctx context.Context, st *streamState, sh *shard, p startingPoint) (store.Position, error) {
	byNumber := p.kind == kinesisapi.ShardIteratorTypeAtSequenceNumber || p.kind == kinesisapi.ShardIteratorTypeAfterSequenceNumber
	if byNumber != p.number.Set {
		also := "also a"
		if byNumber {
			also = "no"
		}
		return 0, kinesisapi.ErrInvalidArgumentException.New("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified %s and %s StartingSequenceNumber.", p.kind, also)
	}
	var seq sequence
	if byNumber {
		var err error
		if seq, err = checkStartingNumber(st, sh, p.number.V); err != nil {
			return 0, err
		}
	}
	if p.kind == kinesisapi.ShardIteratorTypeAtTimestamp {
		if err := s.checkTimestamp(p.time); err != nil {
			return 0, err
		}
	}
	log, err := sh.runtime.log(ctx)
	if err != nil {
		return 0, err
	}
	switch p.kind {
	case kinesisapi.ShardIteratorTypeLatest:
		return log.State().Next, nil
	case kinesisapi.ShardIteratorTypeAtTimestamp:
		return log.Seek(ctx, p.time.V)
	case kinesisapi.ShardIteratorTypeAtSequenceNumber:
		if !seq.after && seq.index > 0 {
			seq.index--
		}
		return sh.bound(store.Position(seq.index)), nil
	case kinesisapi.ShardIteratorTypeAfterSequenceNumber:
		return sh.bound(store.Position(seq.index)), nil
	}
	return log.State().First, nil
}

// bound keeps a position within a closed shard, whose ending number has an index
// that no record has.
func (sh *shard) bound(pos store.Position) store.Position {
	if sh.open() {
		return pos
	}
	return min(pos, sh.Records)
}

// checkStartingNumber takes a caller's sequence number apart and refuses one that
// is not this shard's.
func checkStartingNumber(st *streamState, sh *shard, number string) (sequence, error) {
	seq, err := parseSequence(number)
	switch {
	case err != nil && number == "0":
		return seq, api.ErrInternalFailure.New("") // as AWS answers (reference §5.3)
	case err != nil:
		return seq, kinesisapi.ErrInvalidArgumentException.New("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid.", number, sh.id, st.key.name, st.key.account)
	case seq.shard != sh.Index:
		return seq, kinesisapi.ErrInvalidArgumentException.New("Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s", shardID(seq.shard), sh.id)
	case seq.created != sh.Created:
		return seq, kinesisapi.ErrInvalidArgumentException.New("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid because it did not come from this stream.", number, sh.id, st.key.name, st.key.account)
	}
	return seq, nil
}

// checkTimestamp refuses a missing timestamp, and one of the future.
func (s *Service) checkTimestamp(t api.Opt[time.Time]) error {
	if !t.Set {
		return kinesisapi.ErrInvalidArgumentException.New("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
	}
	if now := s.o.Clock.Now(); t.V.After(now.Add(skew)) {
		return kinesisapi.ErrInvalidArgumentException.New("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d", t.V.UnixMilli(), now.UnixMilli())
	}
	return nil
}
