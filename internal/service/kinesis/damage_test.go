package kinesis

import (
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// Damaged records are never passed over silently: a reader gets what is before
// them, then an error that says after which number to go on. Other shards do not
// notice.
func TestReadersOfDamagedRecords(t *testing.T) {
	h := newHarness(t)
	st := h.create("s", 2)
	arn := h.consumer("s", "c")
	low, high := "0", st.openShard[1].Start.String()
	put := func(at, data string) {
		h.must(h.PutRecord(h.call(kinesisapi.OpPutRecord), &kinesisapi.PutRecordInput{
			StreamName: api.Some("s"), PartitionKey: api.Some("a"), Data: []byte(data), ExplicitHashKey: api.Some(at),
		}, new(kinesisapi.PutRecordOutput)))
	}
	var stamps []time.Time
	for _, r := range []string{"0", "1", "2", "3"} {
		put(low, r)
		put(high, r)
		stamps = append(stamps, h.clock.Now())
		h.clock.Advance(time.Second)
	}
	if !h.store.Damage(st.openShard[0].runtime.logName, 2) {
		t.Fatal("nothing to damage")
	}

	page := h.get(h.iterator("s", "0", "TRIM_HORIZON"))
	if got := data(page.Records); !slices.Equal(got, []string{"0", "1"}) || page.MillisBehindLatest.V == 0 {
		t.Fatalf("before the damage there is %q", got)
	}
	get := func(token string) error {
		return h.GetRecords(h.call(kinesisapi.OpGetRecords), &kinesisapi.GetRecordsInput{ShardIterator: api.Some(token)}, new(kinesisapi.GetRecordsOutput))
	}
	failed := get(page.NextShardIterator.V)
	h.wantCode(failed, "InternalFailureException")
	if !errors.Is(failed, store.ErrCorrupt) {
		t.Errorf("%v is not logged as damage", failed)
	}
	h.wantCode(get(page.NextShardIterator.V), "InternalFailureException") // it does not pass

	l, err := h.subscribe(arn, "0", fromHorizon)
	h.must(err)
	if got := data(l.next().Records); !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("%q is pushed before the damage", got)
	}
	ended := l.over()
	h.wantCode(ended, "InternalFailureException")

	// What both are told leads on.
	for _, err := range []error{failed, ended} {
		number := regexp.MustCompile(`^InternalFailureException: 1 records of shard shardId-000000000000 .* AFTER_SEQUENCE_NUMBER (\d+) on\.$`).FindStringSubmatch(err.Error())
		if number == nil {
			t.Fatalf("told %q", err)
		}
		h.clock.Advance(takeoverAfter)
		for name, at := range map[string]kinesisapi.StartingPosition{
			"number": {Type: api.Some("AFTER_SEQUENCE_NUMBER"), SequenceNumber: api.Some(number[1])},
			"time":   {Type: api.Some("AT_TIMESTAMP"), Timestamp: api.Some(stamps[3])},
		} {
			out := new(kinesisapi.GetShardIteratorOutput)
			h.must(h.GetShardIterator(h.call(kinesisapi.OpGetShardIterator), &kinesisapi.GetShardIteratorInput{
				StreamName: api.Some("s"), ShardId: api.Some("0"), ShardIteratorType: at.Type, StartingSequenceNumber: at.SequenceNumber, Timestamp: at.Timestamp,
			}, out))
			if got := data(h.get(out.ShardIterator.V).Records); !slices.Equal(got, []string{"3"}) {
				t.Errorf("by %s %q is read", name, got)
			}
			l, err := h.subscribe(arn, "0", at)
			h.must(err)
			if got := data(l.next().Records); !slices.Equal(got, []string{"3"}) {
				t.Errorf("by %s %q is pushed", name, got)
			}
			l.stop()
			h.must(l.over())
		}
	}
	put(low, "4")
	if got := data(h.get(h.iterator("s", "1", "TRIM_HORIZON")).Records); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Errorf("of the other shard %q is read", got)
	}
}
