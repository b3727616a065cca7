package consumer

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// silence is how long a subscription may bring nothing. Kinesis sends an event at
// least every five seconds.
const silence = 30 * time.Second

var errSilent = errors.New("the subscription brought nothing for 30 s")

// subscribe reads a shard by SubscribeToShard, for as long as one subscription
// lasts: up to five minutes.
func (f *Follower) subscribe(ctx context.Context, shard string, from Position, each func(page) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watch.Stop()

	out, err := f.o.Client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
		ConsumerARN: &f.o.ConsumerARN, ShardId: &shard,
		StartingPosition: &types.StartingPosition{Type: from.Type, SequenceNumber: from.sequenceNumber(), Timestamp: from.timestamp()},
	}, ownProtocol)
	if err != nil {
		return why(ctx, err)
	}
	events := out.GetStream()
	defer events.Close()
	for event := range events.Events() {
		e, ok := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if !ok {
			continue // of a kind that this SDK does not know
		}
		watch.Stop() // Handle may take its time
		p := page{
			records:  e.Value.Records,
			behind:   time.Duration(aws.ToInt64(e.Value.MillisBehindLatest)) * time.Millisecond,
			ended:    e.Value.ContinuationSequenceNumber == nil,
			children: childrenOf(e.Value.ChildShards),
		}
		if !p.ended {
			p.next = After(*e.Value.ContinuationSequenceNumber)
		}
		if err := each(p); err != nil || p.ended {
			return err
		}
		watch.Reset(silence)
	}
	return why(ctx, events.Err())
}

// ownProtocol gives a call a protocol of its own. The SDK's (kinesis 1.56.11 on
// smithy-go 1.28.8) keeps the buffer and the decoder of event streams in the
// client's, and streams that are read side by side would share them.
func ownProtocol(o *kinesis.Options) {
	o.Protocol = kinesis.New(kinesis.Options{Region: o.Region}).Options().Protocol
}

// why is the error, or what the watch says where that ended the subscription.
func why(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
