package awsjson_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awscbor"
	"github.com/millrace/millrace/internal/wire/awsjson"
)

// Each benchmark runs in both codecs of Kinesis. MB/s is of the body, as it goes
// over the wire; data-MB/s is of the records' data alone.

const recordSize = 1024

var codecs = []struct {
	name  string
	codec wire.Codec
}{{"json", awsjson.V11}, {"cbor", awscbor.Codec{}}}

func payload(i int) []byte {
	b := make([]byte, recordSize)
	for j := range b {
		b[j] = byte(i*31 + j*7919>>3)
	}
	return b
}

func putRecords(n int) *kinesisapi.PutRecordsInput {
	in := &kinesisapi.PutRecordsInput{StreamName: api.Some("bench")}
	for i := range n {
		in.Records = append(in.Records, kinesisapi.PutRecordsRequestEntry{
			Data: payload(i), PartitionKey: api.Some(fmt.Sprintf("key-%06d", i)),
		})
	}
	return in
}

func putRecordsOutput(n int) *kinesisapi.PutRecordsOutput {
	out := &kinesisapi.PutRecordsOutput{FailedRecordCount: api.Some[int32](0)}
	for i := range n {
		out.Records = append(out.Records, kinesisapi.PutRecordsResultEntry{
			SequenceNumber: api.Some(fmt.Sprintf("4966%052d", i)), ShardId: api.Some("shardId-000000000003"),
		})
	}
	return out
}

func getRecordsOutput(n int) *kinesisapi.GetRecordsOutput {
	out := &kinesisapi.GetRecordsOutput{
		NextShardIterator: api.Some(string(bytes.Repeat([]byte("A"), 240))), MillisBehindLatest: api.Some[int64](0),
	}
	for i := range n {
		out.Records = append(out.Records, kinesisapi.Record{
			SequenceNumber: api.Some(fmt.Sprintf("4966%052d", i)), PartitionKey: api.Some(fmt.Sprintf("key-%06d", i)),
			ApproximateArrivalTimestamp: api.Some(time.UnixMilli(1787036486712 + int64(i))), Data: payload(i),
		})
	}
	return out
}

func BenchmarkDecodePutRecords(b *testing.B) {
	const n = 500
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			var w wire.Response
			if err := c.codec.Encode(kinesisapi.OpPutRecords, putRecords(n), "", &w); err != nil {
				b.Fatal(err)
			}
			r := wire.Request{Body: make([]byte, len(w.Body))}
			in := new(kinesisapi.PutRecordsInput)
			b.SetBytes(int64(len(w.Body)))
			b.ReportAllocs()
			for b.Loop() {
				copy(r.Body, w.Body) // decoding destroys it; the copy is part of the figure
				in.Reset()
				if err := c.codec.Decode(kinesisapi.OpPutRecords, &r, in); err != nil {
					b.Fatal(err)
				}
			}
			if len(in.Records) != n {
				b.Fatal("records lost")
			}
			dataRate(b, n)
		})
	}
}

func BenchmarkEncodePutRecordsOutput(b *testing.B) {
	benchmarkEncode(b, kinesisapi.OpPutRecords, putRecordsOutput(500), 0)
}

func BenchmarkEncodeGetRecordsOutput(b *testing.B) {
	benchmarkEncode(b, kinesisapi.OpGetRecords, getRecordsOutput(1000), 1000)
}

func benchmarkEncode(b *testing.B, op *api.Operation, out api.Struct, records int) {
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			w := wire.Response{Header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				w.Body = w.Body[:0]
				if err := c.codec.Encode(op, out, "", &w); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(w.Body)))
			dataRate(b, records)
		})
	}
}

func dataRate(b *testing.B, records int) {
	if records > 0 {
		b.ReportMetric(float64(records*recordSize)*float64(b.N)/b.Elapsed().Seconds()/1e6, "data-MB/s")
	}
}
