package kinesis

import (
	"fmt"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func TestWhatIsPutIsRead(t *testing.T) {
	h := newHarness(t)
	h.create("orders", 2)
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint("record ", i))
		h.put("orders", [2]string{fmt.Sprint("key", i), want[i]})
	}
	var got []string
	for _, shard := range []string{"shardId-000000000000", "1"} {
		got = append(got, data(h.get(h.iterator("orders", shard, "TRIM_HORIZON")).Records)...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStreamSurvivesRestart(t *testing.T) {
	h := newHarness(t)
	h.create("orders", 1)
	it := h.iterator("orders", "0", "LATEST")
	first := h.put("orders", [2]string{"a", "1"}).Records[0].SequenceNumber.V
	h.Close()
	h.start()
	second := h.put("orders", [2]string{"a", "2"}).Records[0].SequenceNumber.V
	if second <= first {
		t.Errorf("%s does not follow %s", second, first)
	}
	if got := data(h.get(it).Records); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("an iterator of before the restart reads %q", got)
	}
}

func TestCreationAndDeletionTakeTheirTime(t *testing.T) {
	h := newHarness(t)
	in := &kinesisapi.CreateStreamInput{StreamName: api.Some("s"), ShardCount: api.Some(int32(1))}
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), in))
	h.wantCode(h.CreateStream(h.call(kinesisapi.OpCreateStream), in), "ResourceInUseException")
	put := &kinesisapi.PutRecordInput{StreamName: api.Some("s"), PartitionKey: api.Some("a"), Data: []byte("x")}
	h.wantCode(h.PutRecord(h.call(kinesisapi.OpPutRecord), put, new(kinesisapi.PutRecordOutput)), "ResourceNotFoundException")
	h.settle("s")
	out := new(kinesisapi.PutRecordOutput)
	h.must(h.PutRecord(h.call(kinesisapi.OpPutRecord), put, out))
	old := out.SequenceNumber.V
	it := h.iterator("s", "0", "TRIM_HORIZON")

	h.must(h.DeleteStream(h.call(kinesisapi.OpDeleteStream), &kinesisapi.DeleteStreamInput{StreamName: api.Some("s")}))
	h.must(h.PutRecord(h.call(kinesisapi.OpPutRecord), put, out))
	if st := h.settle("s"); st != nil {
		t.Fatalf("the stream is %s after its deletion", st.Status)
	}
	h.wantCode(h.PutRecord(h.call(kinesisapi.OpPutRecord), put, out), "ResourceNotFoundException")

	// A stream of the same name is another stream.
	h.create("s", 1)
	h.must(h.PutRecord(h.call(kinesisapi.OpPutRecord), put, out))
	if out.SequenceNumber.V <= old {
		t.Errorf("%s does not follow %s of the deleted stream", out.SequenceNumber.V, old)
	}
	h.wantCode(h.GetRecords(h.call(kinesisapi.OpGetRecords), &kinesisapi.GetRecordsInput{ShardIterator: api.Some(it)}, new(kinesisapi.GetRecordsOutput)), "ResourceNotFoundException")
	h.wantCode(h.GetShardIterator(h.call(kinesisapi.OpGetShardIterator), &kinesisapi.GetShardIteratorInput{
		StreamName: api.Some("s"), ShardId: api.Some("0"), ShardIteratorType: api.Some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: api.Some(old),
	}, new(kinesisapi.GetShardIteratorOutput)), "InvalidArgumentException")
}
