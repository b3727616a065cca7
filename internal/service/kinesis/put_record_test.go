package kinesis

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// The numbers that a stream gave order later records, whatever the clock did since.
func TestSequenceNumberForOrdering(t *testing.T) {
	h := newHarness(t)
	h.create("s", 2)
	put := func(number string) (string, error) {
		in := &kinesisapi.PutRecordInput{StreamName: api.Some("s"), PartitionKey: api.Some("a"), Data: []byte("x")}
		if number != "" {
			in.SequenceNumberForOrdering = api.Some(number)
		}
		out := new(kinesisapi.PutRecordOutput)
		err := h.PutRecord(h.call(kinesisapi.OpPutRecord), in, out)
		return out.SequenceNumber.V, err
	}
	last, err := put("")
	h.must(err)
	given, err := parseSequence(last)
	h.must(err)
	for range 3 {
		h.clock.Set(h.clock.Now().Add(-time.Hour))
		next, err := put(last)
		h.must(err)
		if next <= last {
			t.Fatalf("%s does not follow %s", next, last)
		}
		last = next
	}
	future := given.arrival + 3600
	for name, seq := range map[string]sequence{
		"a record to come":         {created: given.created, shard: given.shard, index: 100, arrival: future},
		"a shard that never was":   {created: given.created, shard: 7, index: 1, arrival: given.arrival},
		"a stream of another time": {created: given.created - 1, shard: given.shard, index: 1, arrival: future},
	} {
		t.Log(name)
		_, err := put(seq.String())
		h.wantCode(err, "InvalidArgumentException")
	}
}
