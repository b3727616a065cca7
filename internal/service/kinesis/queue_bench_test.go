package kinesis

import (
	"context"
	"strconv"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store/memstore"
)

// BenchmarkQueue receives ten records and acknowledges them, on a store that
// costs nothing.
func BenchmarkQueue(b *testing.B) {
	st := memstore.New(memstore.Options{})
	defer st.Close()
	s, err := New(b.Context(), Options{Store: st})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	call := func(op *api.Operation) context.Context {
		return api.WithCall(b.Context(), &api.Call{Operation: op, Account: testAccount, Region: testRegion})
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(s.CreateStream(call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{
		StreamName: api.Some("s"), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some("ON_DEMAND")},
	}))
	made := new(kinesisapi.CreateQueueOutput)
	must(s.CreateQueue(call(kinesisapi.OpCreateQueue), &kinesisapi.CreateQueueInput{
		QueueName: api.Some("q"), StreamConfigurationList: []kinesisapi.QueueStreamConfiguration{{StreamARN: api.Some(streamARN("s"))}},
	}, made))
	put := &kinesisapi.PutRecordsInput{StreamName: api.Some("s")}
	for i := range 500 {
		put.Records = append(put.Records, kinesisapi.PutRecordsRequestEntry{PartitionKey: api.Some(strconv.Itoa(i)), Data: make([]byte, 256)})
	}
	arn := made.QueueDescription.QueueARN
	received := 0
	for n := 0; b.Loop(); n++ {
		if n%50 == 0 {
			b.StopTimer()
			must(s.PutRecords(call(kinesisapi.OpPutRecords), put, new(kinesisapi.PutRecordsOutput)))
			b.StartTimer()
		}
		got := new(kinesisapi.ReceiveQueueRecordsOutput)
		must(s.ReceiveQueueRecords(call(kinesisapi.OpReceiveQueueRecords), &kinesisapi.ReceiveQueueRecordsInput{QueueARN: arn}, got))
		received += len(got.QueueRecords)
		in := &kinesisapi.AcknowledgeQueueRecordsInput{QueueARN: arn}
		for _, r := range got.QueueRecords {
			in.Entries = append(in.Entries, kinesisapi.AcknowledgeQueueRecordsRequestEntry{ReceiptHandle: r.ReceiptHandle})
		}
		out := new(kinesisapi.AcknowledgeQueueRecordsOutput)
		must(s.AcknowledgeQueueRecords(call(kinesisapi.OpAcknowledgeQueueRecords), in, out))
		if len(out.Failed) > 0 {
			b.Fatal(out.Failed)
		}
	}
	b.ReportMetric(float64(received)/b.Elapsed().Seconds(), "records/s")
}
