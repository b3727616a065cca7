package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/aggregation"
	"github.com/millrace/millrace/client/consumer"
)

func batchOf(shard string, data ...string) *consumer.Batch {
	b := &consumer.Batch{Shard: consumer.Shard{ID: shard}}
	for i, d := range data {
		b.Records = append(b.Records, types.Record{
			PartitionKey: aws.String("key"), SequenceNumber: aws.String(strconv.Itoa(i)), Data: []byte(d),
			ApproximateArrivalTimestamp: aws.Time(time.UnixMilli(1_700_000_000_123)),
		})
	}
	return b
}

func aggregated(data ...string) string {
	var b aggregation.Builder
	for _, d := range data {
		b.Add(aggregation.Record{PartitionKey: "of " + d, ExplicitHashKey: "7", Data: []byte(d)})
	}
	return string(b.Build().Data)
}

func TestPrinterOpensAggregatedRecords(t *testing.T) {
	packed := aggregated("one", "two")
	for raw, want := range map[bool]string{false: "zero\none\ntwo\n", true: "zero\n" + packed + "\n"} {
		var out bytes.Buffer
		p := printer{w: &out, raw: raw}
		if err := p.batch(batchOf("s", "zero", packed)); err != nil || out.String() != want {
			t.Errorf("raw %v: %q, %v", raw, out.String(), err)
		}
	}
}

func TestPrinterJSON(t *testing.T) {
	var out bytes.Buffer
	p := printer{w: &out, json: true}
	if err := p.batch(batchOf("shard", "text \"é\"", "\xff\x00", "", aggregated("one", "two"))); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"shardId":"shard","sequenceNumber":"0","partitionKey":"key","approximateArrivalTimestamp":"2023-11-14T22:13:20.123Z","data":"text \"é\""}`,
		`{"shardId":"shard","sequenceNumber":"1","partitionKey":"key","approximateArrivalTimestamp":"2023-11-14T22:13:20.123Z","dataBase64":"/wA="}`,
		`{"shardId":"shard","sequenceNumber":"2","partitionKey":"key","approximateArrivalTimestamp":"2023-11-14T22:13:20.123Z","data":""}`,
		`{"shardId":"shard","sequenceNumber":"3","subSequenceNumber":0,"partitionKey":"of one","explicitHashKey":"7","approximateArrivalTimestamp":"2023-11-14T22:13:20.123Z","data":"one"}`,
		`{"shardId":"shard","sequenceNumber":"3","subSequenceNumber":1,"partitionKey":"of two","explicitHashKey":"7","approximateArrivalTimestamp":"2023-11-14T22:13:20.123Z","data":"two"}`,
	}
	if got := strings.TrimSuffix(out.String(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("%s", got)
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestPrinterStopsExactly(t *testing.T) {
	for _, c := range []struct {
		max uint64
		out string
		at  string // of the first shard; "" where its state stays as the follower has it
	}{
		{1, "a\n", "0"}, {2, "a\nb\n", "1"}, {3, "a\nb\nc\nd\n", "2"}, {4, "a\nb\nc\nd\n", "2"}, {9, "a\nb\nc\nd\n", ""},
	} {
		var out bytes.Buffer
		p := printer{w: &out, max: c.max}
		err := p.batch(batchOf("1", "a", "b", aggregated("c", "d")))
		if errors.Is(err, errEnough) != (c.at != "") || out.String() != c.out {
			t.Errorf("max %d: %q, %v", c.max, out.String(), err)
		}
		if c.at != "" {
			// Another shard's batch is not begun.
			if err := p.batch(batchOf("2", "x")); !errors.Is(err, errEnough) || out.String() != c.out {
				t.Errorf("max %d: goes on with %q, %v", c.max, out.String(), err)
			}
		}
		s := p.adjust(consumer.State{"1": {Position: consumer.TrimHorizon()}, "2": {Position: consumer.TrimHorizon()}})
		if s["1"].SequenceNumber != c.at || s["2"].SequenceNumber != "" {
			t.Errorf("max %d: state %+v", c.max, s)
		}
	}
}
