package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// PutRecord stores one record. It is durable when the answer names its sequence
// number.
//
// SequenceNumberForOrdering needs no work beyond its check: sequence numbers grow
// in the order in which a shard's records arrive, whatever the clock does.
func (s *Service) PutRecord(ctx context.Context, in *kinesisapi.PutRecordInput, out *kinesisapi.PutRecordOutput) error {
	h, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	if err := writable(st); err != nil {
		return err
	}
	if err := checkRecord(st, in.PartitionKey, in.Data, func() string { return "data" }); err != nil {
		return err
	}
	hash, err := place(st, in.PartitionKey, in.ExplicitHashKey)
	if err != nil {
		return err
	}
	if err := s.checkOrdering(ctx, st, in.SequenceNumberForOrdering); err != nil {
		return err
	}
	if err := dryRun(in.DryRun); err != nil {
		return err
	}
	g := groups.Get().(*group)
	defer g.release()
	size := recordSize(in.PartitionKey, in.Data)
	sh := st.route(hash)
	if !sh.runtime.admit(s.o.Clock.Now(), size) {
		b := g.batch(sh)
		b.throttled = 1
		s.count(st, b)
		return kinesisapi.ErrProvisionedThroughputExceededException.New("%s", throttledMessage(st, sh.id))
	}
	for {
		g.restart()
		b := g.batch(st.route(hash))
		b.entries, b.size = append(b.entries, 0), size
		addRecord(&b.block, in.PartitionKey, in.Data)
		g.write(ctx, st)
		if b.err == nil {
			s.count(st, b)
			out.ShardId = api.Some(b.shard.id)
			out.SequenceNumber = api.Some(b.shard.sequenceOf(b.appended.First, b.appended.Stamp).String())
			out.EncryptionType = encryptionType(st)
			return nil
		}
		if !b.moved() {
			return b.err
		}
		if st, err = h.waitChange(ctx, st); err != nil {
			return err
		}
	}
}

// checkOrdering refuses a SequenceNumberForOrdering that is none of this stream's
// or lies in the future: of a time to come, and not among the numbers that its
// shard has given. Those are good also where the clock has gone back since.
func (s *Service) checkOrdering(ctx context.Context, st *streamState, number api.Opt[string]) error {
	if !number.Set {
		return nil
	}
	seq, err := parseSequence(number.V)
	if err == nil && seq.shard < st.NextShard {
		if seq.arrival <= s.o.Clock.Now().Add(skew).Unix() {
			return nil
		}
		given, err := hasGiven(ctx, st, seq)
		if given || err != nil {
			return err
		}
	}
	return kinesisapi.ErrInvalidArgumentException.New("ExclusiveMinimumSequenceNumber %s used in PutRecord on stream %s under account %s is invalid.", number.V, st.key.name, st.key.account)
}

// hasGiven reports whether a record of the stream has this number.
func hasGiven(ctx context.Context, st *streamState, seq sequence) (bool, error) {
	sh := st.shard(seq.shard)
	if sh == nil || sh.Created != seq.created {
		return false, nil
	}
	log, err := sh.runtime.log(ctx)
	if err != nil {
		return false, err
	}
	return seq.index <= uint64(log.State().Next), nil // the index is one more than the position
}
