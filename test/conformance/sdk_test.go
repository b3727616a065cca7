package conformance

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
)

// The Go SDK against the binary. Rows are those of reference kinesis-streams §10.

const firstShard = "shardId-000000000000"

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantCode fails the test unless the server answered with that error.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// newStream makes a stream and waits with the SDK's own waiter until it is there.
func newStream(t *testing.T, c *kinesis.Client, name string, shards int32) {
	t.Helper()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	settled(t, c, name)
}

func settled(t *testing.T, c *kinesis.Client, name string) {
	t.Helper()
	w := kinesis.NewStreamExistsWaiter(c, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	})
	if err := w.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, 20*time.Second); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *kinesis.Client, stream, key, data string) *kinesis.PutRecordOutput {
	t.Helper()
	return must[*kinesis.PutRecordOutput](t)(c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &key, Data: []byte(data)}))
}

func iterator(t *testing.T, c *kinesis.Client, stream, shard string, kind types.ShardIteratorType) *string {
	t.Helper()
	return must[*kinesis.GetShardIteratorOutput](t)(c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: kind,
	})).ShardIterator
}

func read(t *testing.T, c *kinesis.Client, it *string) *kinesis.GetRecordsOutput {
	t.Helper()
	return must[*kinesis.GetRecordsOutput](t)(c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it}))
}

func text(records []types.Record) (out []string) {
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	return out
}
