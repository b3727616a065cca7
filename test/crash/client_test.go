package crash

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/sdk"
)

// client returns an SDK client of the server that never tries again.
func (srv *server) client() *kinesis.Client { return srv.clientOf(region, accessKey) }

// clientOf returns one for another region or account; all have the same secret.
func (srv *server) clientOf(region, accessKey string) *kinesis.Client {
	return sdk.Kinesis(srv.HTTP(), region, accessKey, secretKey)
}

// code is the error code that the server answered with, or "" where it did not
// answer.
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// listShards returns all shards of a stream, without records.
func listShards(ctx context.Context, c *kinesis.Client, stream string) ([]history.Shard, error) {
	var shards []history.Shard
	in := &kinesis.ListShardsInput{StreamName: &stream}
	for {
		out, err := c.ListShards(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the shards of %s: %w", stream, err)
		}
		for _, sh := range out.Shards {
			shards = append(shards, shardOf(sh))
		}
		if out.NextToken == nil {
			return shards, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

func shardOf(sh types.Shard) history.Shard {
	s := history.Shard{
		ID: *sh.ShardId, Start: hashOf(*sh.HashKeyRange.StartingHashKey), End: hashOf(*sh.HashKeyRange.EndingHashKey),
		First: *sh.SequenceNumberRange.StartingSequenceNumber, Last: aws.ToString(sh.SequenceNumberRange.EndingSequenceNumber),
	}
	s.Open = s.Last == ""
	for _, p := range []*string{sh.ParentShardId, sh.AdjacentParentShardId} {
		if p != nil {
			s.Parents = append(s.Parents, *p)
		}
	}
	return s
}

func hashOf(decimal string) (h history.Hash) {
	n, ok := new(big.Int).SetString(decimal, 10)
	if !ok {
		panic("the server sent a hash key that is no number: " + decimal)
	}
	n.FillBytes(h[:])
	return h
}

// decimal is the hash as the API writes it.
func decimal(h history.Hash) string { return new(big.Int).SetBytes(h[:]).String() }

// readStream reads a stream whole. Shards that are known are read from after
// their last record on; known is not changed.
func readStream(ctx context.Context, c *kinesis.Client, stream string, known []history.Shard) ([]history.Shard, error) {
	shards, err := listShards(ctx, c, stream)
	if err != nil {
		return nil, err
	}
	before := map[string][]history.Stored{}
	for _, sh := range known {
		before[sh.ID] = sh.Records
	}
	for i := range shards {
		sh := &shards[i]
		sh.Records = before[sh.ID]
		if err := readShard(ctx, c, stream, sh); err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", sh.ID, stream, err)
		}
	}
	return shards, nil
}

// readShard appends to the shard's records all that follow them.
func readShard(ctx context.Context, c *kinesis.Client, stream string, sh *history.Shard) error {
	it, err := iteratorAfter(ctx, c, stream, sh)
	for it != nil && err == nil {
		var out *kinesis.GetRecordsOutput
		if out, err = c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it}); err != nil {
			return err
		}
		sh.Records = appendRecords(sh.Records, out.Records)
		it = out.NextShardIterator
		if it == nil && sh.Open {
			return errors.New("an open shard has ended")
		}
		if sh.Open && aws.ToInt64(out.MillisBehindLatest) == 0 {
			return nil
		}
	}
	return err
}

func iteratorAfter(ctx context.Context, c *kinesis.Client, stream string, sh *history.Shard) (*string, error) {
	in := &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: &sh.ID, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if n := len(sh.Records); n > 0 {
		in.ShardIteratorType, in.StartingSequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &sh.Records[n-1].Sequence
	}
	out, err := c.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

func appendRecords(to []history.Stored, records []types.Record) []history.Stored {
	for _, r := range records {
		id, err := history.ParsePayload(r.Data)
		s := history.Stored{ID: id, Key: aws.ToString(r.PartitionKey), Sequence: *r.SequenceNumber, Arrival: r.ApproximateArrivalTimestamp.UTC()}
		if err != nil {
			s.Damaged = err.Error()
		}
		to = append(to, s)
	}
	return to
}

// status returns a stream's status, "" where there is no such stream.
func status(ctx context.Context, c *kinesis.Client, stream string) (types.StreamStatus, error) {
	out, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &stream})
	if code(err) == "ResourceNotFoundException" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return out.StreamDescriptionSummary.StreamStatus, nil
}

// settled waits until a stream is in no transition, and returns its status then.
func settled(ctx context.Context, c *kinesis.Client, stream string) (st types.StreamStatus, err error) {
	ok := poll(ctx, 15*time.Second, func() bool {
		st, err = status(ctx, c, stream)
		return err != nil || st == "" || st == types.StreamStatusActive
	})
	if !ok && ctx.Err() == nil {
		return st, fmt.Errorf("stream %s is stuck in %s", stream, st)
	}
	if err == nil {
		err = ctx.Err()
	}
	return st, err
}
