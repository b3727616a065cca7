package obs

import (
	"strings"
	"testing"
	"time"
)

func TestShardsAreCountedWhereMonitoringAsksForIt(t *testing.T) {
	m, _ := newTest()
	m.Streams.Put("1", "r", "s", "shardId-0", nil, 5, 50, 1)
	if got := scrape(t, m, "millrace_kinesis_shard_"); got != "" {
		t.Fatalf("counted unasked: %s", got)
	}
	m.Streams.Put("1", "r", "s", "shardId-0", []string{"IncomingRecords", "WriteProvisionedThroughputExceeded"}, 5, 50, 1)
	m.Streams.Get("1", "r", "s", "shardId-0", []string{"OutgoingBytes", "IteratorAgeMilliseconds"}, 5, 50, 3*time.Second, false)
	m.Streams.Get("1", "r", "s", "shardId-0", []string{"ReadProvisionedThroughputExceeded"}, 0, 0, 0, true)
	for name, want := range map[string]string{
		"shard_incoming_records_total":                      "5",
		"shard_incoming_bytes_total":                        "0",
		"shard_write_provisioned_throughput_exceeded_total": "1",
		"shard_read_provisioned_throughput_exceeded_total":  "1",
		"shard_outgoing_bytes_total":                        "50",
		"shard_iterator_age_milliseconds":                   "3000",
	} {
		line := "millrace_kinesis_" + name + `{account="1",region="r",shard="shardId-0",stream="s"} `
		if got := scrape(t, m, name+"{"); got != line+want {
			t.Errorf("got %q, want %q", got, line+want)
		}
	}
	m.Streams.Forget("1", "r", "s")
	if got := scrape(t, m, "millrace_kinesis_shard_"); got != "" {
		t.Errorf("after the stream is gone: %s", strings.TrimSpace(got))
	}
}
