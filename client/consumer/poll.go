package consumer

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// poll reads a shard by GetRecords.
func (f *Follower) poll(ctx context.Context, shard string, from Position, each func(page) error) error {
	for at := from; ; {
		if at.iterator == nil {
			out, err := f.o.Client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
				StreamName: f.name(), StreamARN: f.arn(), ShardId: &shard,
				ShardIteratorType: at.Type, StartingSequenceNumber: at.sequenceNumber(), Timestamp: at.timestamp(),
			})
			if err != nil {
				return err
			}
			at.iterator = out.ShardIterator
		}
		out, err := f.o.Client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: at.iterator, StreamARN: f.arn()})
		if isCode(err, "ExpiredIteratorException") {
			at.iterator = nil
			continue
		}
		if err != nil {
			return err
		}
		if n := len(out.Records); n > 0 {
			at = After(aws.ToString(out.Records[n-1].SequenceNumber))
		}
		at.iterator = out.NextShardIterator
		p := page{
			records: out.Records, next: at,
			behind: time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond,
			ended:  out.NextShardIterator == nil, children: childrenOf(out.ChildShards),
		}
		if err := each(p); err != nil || p.ended {
			return err
		}
		if p.behind > 0 {
			continue
		}
		select {
		case <-time.After(f.o.Poll):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
