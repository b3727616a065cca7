package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/internal/testkit/program"
)

// What takes minutes is tested with the binary whose clock can be moved.

// startMovable starts a server whose clock can be moved. It takes any signature:
// clients sign by the machine's clock, from which the server's departs.
func startMovable(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, binary: program.Faults, dir: t.TempDir(), args: []string{"--shard-limits=off", "--transition-delay=50ms", "--auth=open"}}
	s.launch()
	return s
}

func (s *server) moveClock(d time.Duration) {
	s.t.Helper()
	resp, err := http.Post(s.url+"/_millrace/faults/clock?"+url.Values{"move": {d.String()}}.Encode(), "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("move the clock: status %d", resp.StatusCode)
	}
}

// Row 7: an iterator ends after five minutes.
func TestIteratorsExpire(t *testing.T) {
	t.Parallel()
	s := startMovable(t)
	c := s.client()
	newStream(t, c, "s", 1)
	put(t, c, "s", "a", "x")
	it := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)
	s.moveClock(295 * time.Second)
	if got := text(read(t, c, it).Records); !slices.Equal(got, []string{"x"}) {
		t.Errorf("after 295 s: %q", got)
	}
	s.moveClock(6 * time.Second)
	_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	wantCode(t, err, "ExpiredIteratorException")
}

// Row 13's end: a subscription lasts five minutes and ends in order; the next one
// goes on where it stopped.
func TestSubscriptionsEndAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	s := startMovable(t)
	c := s.client()
	newStream(t, c, "s", 1)
	consumer := newConsumer(t, c, "s")
	var got []string
	at := types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
	for round := range 3 {
		events := must[*kinesis.SubscribeToShardEventStream](t)(s.subscribe(consumer, at))
		want := fmt.Sprint(round)
		put(t, c, "s", "a", want)
		for len(got) == 0 || got[len(got)-1] != want {
			e := nextEvent(t, events)
			got, at = append(got, text(e.Records)...), types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: e.ContinuationSequenceNumber}
		}
		s.moveClock(301 * time.Second)
		for e := range events.Events() {
			e := e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
			got, at.SequenceNumber = append(got, text(e.Records)...), e.ContinuationSequenceNumber
		}
		if err := events.Err(); err != nil {
			t.Fatalf("round %d ended with %v", round, err)
		}
	}
	if !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("pushed %q", got)
	}
}

// Row 24: numbers grow while the clock goes back.
func TestNumbersGrowWhileTheClockGoesBack(t *testing.T) {
	t.Parallel()
	s := startMovable(t)
	c := s.client()
	newStream(t, c, "s", 1)
	var last *string
	var arrival time.Time
	grow := func() {
		t.Helper()
		out := must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("a"), Data: []byte("x"), SequenceNumberForOrdering: last}))
		if last != nil && decimal(*out.SequenceNumber).Cmp(decimal(*last)) <= 0 {
			t.Fatalf("%s does not follow %s", *out.SequenceNumber, *last)
		}
		last = out.SequenceNumber
	}
	for range 5 {
		grow()
		s.moveClock(-12 * time.Minute)
		grow()
	}
	records := read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)).Records
	if len(records) != 10 {
		t.Errorf("%d records", len(records))
	}
	for _, r := range records {
		if r.ApproximateArrivalTimestamp.Before(arrival) {
			t.Errorf("%v arrived after %v", r.ApproximateArrivalTimestamp, arrival)
		}
		arrival = *r.ApproximateArrivalTimestamp
	}
}
