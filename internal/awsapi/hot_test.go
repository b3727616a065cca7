package awsapi

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
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
