package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// newConsumer registers a consumer of a stream and waits until it is ACTIVE.
func newConsumer(t *testing.T, c *kinesis.Client, stream string) (arn *string) {
	t.Helper()
	arn = must[*kinesis.RegisterStreamConsumerOutput](t)(c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: arnOf(stream), ConsumerName: aws.String("c")})).Consumer.ConsumerARN
	for status := types.ConsumerStatusCreating; status != types.ConsumerStatusActive; {
		status = must[*kinesis.DescribeStreamConsumerOutput](t)(c.DescribeStreamConsumer(t.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn})).ConsumerDescription.ConsumerStatus
	}
	return arn
}

// subscribe subscribes to the first shard with a client of its own: all calls of
// one share the buffer of a stream's events.
func (s *server) subscribe(consumer *string, at types.StartingPosition) (*kinesis.SubscribeToShardEventStream, error) {
	out, err := s.client().SubscribeToShard(s.t.Context(), &kinesis.SubscribeToShardInput{ConsumerARN: consumer, ShardId: aws.String(firstShard), StartingPosition: &at})
	if err != nil {
		return nil, err
	}
	return out.GetStream(), nil
}

func nextEvent(t *testing.T, s *kinesis.SubscribeToShardEventStream) types.SubscribeToShardEvent {
	t.Helper()
	select {
	case e, ok := <-s.Events():
		if !ok {
			t.Fatalf("the subscription has ended: %v", s.Err())
		}
		return e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
	}
	panic("not reached")
}

// Rows 13 and 14, by the Go SDK: pushed within the commit, one subscription for a
// consumer and shard, continued without loss or repetition.
func TestSubscription(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.client()
	newStream(t, c, "s", 1)
	consumer := newConsumer(t, c, "s")
	subscribe := func(at types.StartingPosition) (*kinesis.SubscribeToShardEventStream, error) {
		return s.subscribe(consumer, at)
	}
	next := func(s *kinesis.SubscribeToShardEventStream) types.SubscribeToShardEvent {
		t.Helper()
		return nextEvent(t, s)
	}
	first := must[*kinesis.SubscribeToShardEventStream](t)(subscribe(types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}))
	began := time.Now()
	continuation := next(first).ContinuationSequenceNumber
	for i := range 20 {
		want := fmt.Sprint(i)
		acknowledged := put(t, c, "s", "a", want)
		e := next(first)
		if got := text(e.Records); len(got) != 1 || got[0] != want || *e.Records[0].SequenceNumber != *acknowledged.SequenceNumber {
			t.Fatalf("pushed %q, put %s", got, want)
		}
		if i == 9 {
			continuation = e.ContinuationSequenceNumber
		}
	}
	_, err := subscribe(types.StartingPosition{Type: types.ShardIteratorTypeLatest})
	wantCode(t, err, "ResourceInUseException")
	for idle := next(first); time.Since(began) < 5*time.Second; idle = next(first) {
		if len(idle.Records) != 0 || idle.ContinuationSequenceNumber == nil {
			t.Fatalf("an idle event: %+v", idle)
		}
	}
	for i, kind := range []types.ShardIteratorType{types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber} {
		if i > 0 {
			for begun := time.Now(); time.Since(begun) < 5100*time.Millisecond; {
				next(first) // its silence lasts as long as its place is its own
			}
		}
		second := must[*kinesis.SubscribeToShardEventStream](t)(subscribe(types.StartingPosition{Type: kind, SequenceNumber: continuation}))
		if got := text(next(second).Records); len(got) != 10 || got[0] != "10" {
			t.Errorf("%s the continuation: %q", kind, got)
		}
		for range first.Events() { // until it ends
		}
		wantCode(t, first.Err(), "ResourceInUseException")
		first = second
	}
	_ = first.Close()
}

// A subscription follows its shard to the end, and the children from their beginning.
func TestSubscriptionEndsWithItsShard(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.client()
	newStream(t, c, "s", 1)
	consumer := newConsumer(t, c, "s")
	events := must[*kinesis.SubscribeToShardEventStream](t)(s.subscribe(consumer, types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}))
	nextEvent(t, events)
	put(t, c, "s", "a", "last")
	if _, err := c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: aws.String(firstShard), NewStartingHashKey: aws.String("170141183460469231731687303715884105728")}); err != nil {
		t.Fatal(err)
	}
	var got []string
	last := types.SubscribeToShardEvent{ContinuationSequenceNumber: aws.String("")}
	for last.ContinuationSequenceNumber != nil {
		if last = nextEvent(t, events); (last.ContinuationSequenceNumber == nil) != (len(last.ChildShards) == 2) {
			t.Fatalf("a continuation %v beside %d children", last.ContinuationSequenceNumber, len(last.ChildShards))
		}
		got = append(got, text(last.Records)...)
	}
	if len(got) != 1 || got[0] != "last" {
		t.Errorf("pushed %q", got)
	}
	for e := range events.Events() {
		t.Errorf("after the end: %+v", e)
	}
	if err := events.Err(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestConsumersComeAndGo(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	arn := newConsumer(t, c, "s")
	for _, name := range []string{"d", "e"} {
		out := must[*kinesis.RegisterStreamConsumerOutput](t)(c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: arnOf("s"), ConsumerName: &name, Tags: map[string]string{"of": name}}))
		near(t, "creation", out.Consumer.ConsumerCreationTimestamp)
		if tags := must[*kinesis.ListTagsForResourceOutput](t)(c.ListTagsForResource(t.Context(), &kinesis.ListTagsForResourceInput{ResourceARN: out.Consumer.ConsumerARN})).Tags; len(tags) != 1 || *tags[0].Value != name {
			t.Errorf("tags of %s: %v", name, tags)
		}
	}
	_, err := c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: arnOf("s"), ConsumerName: aws.String("d")})
	wantCode(t, err, "ResourceInUseException")
	names := ""
	for pages := kinesis.NewListStreamConsumersPaginator(c, &kinesis.ListStreamConsumersInput{StreamARN: arnOf("s"), MaxResults: aws.Int32(2)}); pages.HasMorePages(); {
		for _, x := range must[*kinesis.ListStreamConsumersOutput](t)(pages.NextPage(t.Context())).Consumers {
			names += *x.ConsumerName
		}
	}
	if names != "cde" {
		t.Errorf("listed: %s", names)
	}
	if n := summary(t, c, "s").ConsumerCount; *n != 3 {
		t.Errorf("%d consumers are counted", *n)
	}
	if _, err := c.DeregisterStreamConsumer(t.Context(), &kinesis.DeregisterStreamConsumerInput{StreamARN: arnOf("s"), ConsumerName: aws.String("c")}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		_, err := c.DescribeStreamConsumer(t.Context(), &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn})
		if err != nil {
			wantCode(t, err, "ResourceNotFoundException")
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the consumer does not go")
		}
	}
	if again := newConsumer(t, c, "s"); *again == *arn {
		t.Errorf("another consumer of the name has the ARN %s too", *again)
	}
}
