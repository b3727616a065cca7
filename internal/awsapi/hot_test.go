package awsapi

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
)

var data = []byte("data")

// fill sets an input's records as a codec does: through the interfaces alone.
func fill(in api.Struct, n int) {
	records := in.Member(0).(api.List)
	records.Make(0)
	for range n {
		entry := records.Append().(api.Struct)
		*entry.Member(0).(*[]byte) = data
		*entry.Member(2).(*api.Opt[string]) = api.Some("key")
	}
}

func TestResetKeepsMemoryAndForgets(t *testing.T) {
	in := new(kinesisapi.PutRecordsInput)
	in.StreamName = api.Some("s")
	fill(in, 3)
	first := &in.Records[0]
	in.Reset()
	if in.Records != nil || in.StreamName.Set || first.Data != nil || first.PartitionKey.Set {
		t.Errorf("something is left: %+v", in)
	}
	in.Reset() // an unused value keeps what it had
	fill(in, 3)
	if &in.Records[0] != first || len(in.Records) != 3 {
		t.Error("the memory is not used again")
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	in := new(kinesisapi.PutRecordsInput)
	fill(in, 500)
	if n := testing.AllocsPerRun(10, func() {
		in.Reset()
		fill(in, 500)
	}); n != 0 {
		t.Errorf("a pooled input costs %v allocations", n)
	}
}

func BenchmarkFillPutRecords(b *testing.B) {
	op := kinesisapi.OpPutRecords
	b.ReportAllocs()
	for b.Loop() {
		in := op.NewInput()
		fill(in, 500)
		op.Release(in, nil)
	}
}

// What one call per message reads takes no memory but the decoder's own state.
func TestQueuesDecodeInPooledMemory(t *testing.T) {
	const (
		queue  = `"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/000000000000/q"`
		handle = `"ReceiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a"`
	)
	for _, c := range []struct {
		op   *api.Operation
		body string
	}{
		{sqsapi.OpSendMessage, `{` + queue + `,"MessageBody":"a message, \"quoted\"","DelaySeconds":5,"MessageGroupId":"g"}`},
		{sqsapi.OpSendMessageBatch, `{` + queue + `,"Entries":[{"Id":"a","MessageBody":"x"},{"Id":"b","MessageBody":"y","DelaySeconds":1}]}`},
		{sqsapi.OpDeleteMessage, `{` + queue + `,` + handle + `}`},
		{sqsapi.OpDeleteMessageBatch, `{` + queue + `,"Entries":[{"Id":"a",` + handle + `},{"Id":"b",` + handle + `}]}`},
		{sqsapi.OpChangeMessageVisibility, `{` + queue + `,` + handle + `,"VisibilityTimeout":30}`},
		{sqsapi.OpChangeMessageVisibilityBatch, `{` + queue + `,"Entries":[{"Id":"a",` + handle + `,"VisibilityTimeout":30}]}`},
	} {
		in, r := c.op.NewInput(), &wire.Request{Body: make([]byte, len(c.body))}
		if n := testing.AllocsPerRun(10, func() {
			copy(r.Body, c.body)
			if err := awsjson.V10.Decode(c.op, r, in); err != nil {
				t.Fatal(err)
			}
			in.(api.Resetter).Reset()
		}); n > 1 {
			t.Errorf("%s: %v allocations", c.op.Name, n)
		}
	}
}

func BenchmarkReceiveMessage(b *testing.B) {
	op := sqsapi.OpReceiveMessage
	body := strings.Repeat("x", 1024)
	var w wire.Response
	b.ReportAllocs()
	for b.Loop() {
		out := op.NewOutput().(*sqsapi.ReceiveMessageResult)
		out.MakeMessages(10)
		for range 10 {
			out.Messages = append(out.Messages, sqsapi.Message{
				MessageId: api.Some("5fea7756-0ea4-451a-a703-a558b933e274"), ReceiptHandle: api.Some("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a"),
				MD5OfBody: api.Some("fafb00f5732ab283681e124bf8747ed1"), Body: api.Some(body),
			})
		}
		w.Body = w.Body[:0]
		if err := awsjson.V10.Encode(op, out, "", &w); err != nil {
			b.Fatal(err)
		}
		op.Release(nil, out)
	}
	b.SetBytes(int64(len(w.Body)))
}
