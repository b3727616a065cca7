package kinesis

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func TestStreamsAreListedInPages(t *testing.T) {
	h := newHarness(t)
	for i := range 5 {
		h.create(fmt.Sprint("s", i), 1)
	}
	list := func(in *kinesisapi.ListStreamsInput, region string) (*kinesisapi.ListStreamsOutput, error) {
		out := new(kinesisapi.ListStreamsOutput)
		return out, h.ListStreams(h.callAs(kinesisapi.OpListStreams, testAccount, region), in, out)
	}
	var got []string
	in := &kinesisapi.ListStreamsInput{Limit: api.Some(int32(2))}
	for {
		out, err := list(in, testRegion)
		h.must(err)
		got = append(got, out.StreamNames...)
		if out.HasMoreStreams.V != out.NextToken.Set || len(out.StreamNames) != len(out.StreamSummaries) {
			t.Fatalf("%+v", out)
		}
		if !out.NextToken.Set {
			break
		}
		in.NextToken = out.NextToken
	}
	if fmt.Sprint(got) != "[s0 s1 s2 s3 s4]" {
		t.Errorf("got %q", got)
	}
	out, err := list(&kinesisapi.ListStreamsInput{ExclusiveStartStreamName: api.Some("s3")}, testRegion)
	h.must(err)
	if fmt.Sprint(out.StreamNames) != "[s4]" || out.HasMoreStreams.V {
		t.Errorf("after s3: %q", out.StreamNames)
	}
	_, err = list(in, "eu-west-1")
	h.wantCode(err, "InvalidArgumentException")
	_, err = list(&kinesisapi.ListStreamsInput{NextToken: api.Some("bm90IGEgdG9rZW4=")}, testRegion)
	h.wantCode(err, "InvalidArgumentException")
	h.clock.Advance(pageLife + time.Second)
	_, err = list(in, testRegion)
	h.wantCode(err, "ExpiredNextTokenException")
}

func TestDescribeStreamPages(t *testing.T) {
	h := newHarness(t)
	describe := func(in *kinesisapi.DescribeStreamInput) *kinesisapi.StreamDescription {
		t.Helper()
		in.StreamName = api.Some("s")
		out := new(kinesisapi.DescribeStreamOutput)
		h.must(h.DescribeStream(h.call(kinesisapi.OpDescribeStream), in, out))
		return out.StreamDescription
	}
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: api.Some("s"), ShardCount: api.Some(int32(3))}))
	if d := describe(new(kinesisapi.DescribeStreamInput)); d.StreamStatus.V != creating || d.Shards == nil || len(d.Shards) != 0 {
		t.Errorf("a stream in creation: %+v", d)
	}
	h.settle("s")
	d := describe(&kinesisapi.DescribeStreamInput{Limit: api.Some(int32(2))})
	if len(d.Shards) != 2 || !d.HasMoreShards.V {
		t.Errorf("the first page has %d shards, more: %v", len(d.Shards), d.HasMoreShards.V)
	}
	d = describe(&kinesisapi.DescribeStreamInput{ExclusiveStartShardId: d.Shards[1].ShardId})
	if len(d.Shards) != 1 || d.HasMoreShards.V || d.Shards[0].ShardId.V != shardID(2) {
		t.Errorf("the second page: %+v", d.Shards)
	}
}
