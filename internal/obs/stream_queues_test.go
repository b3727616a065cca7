package obs

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestQueuesOnStreams(t *testing.T) {
	m := New(Build{}, clock.NewFake(time.Unix(0, 0)))
	s := m.Streams
	s.QueueReceived("1", "r", "q", 4)
	s.QueueReceived("1", "r", "q", 0)
	s.QueueAcknowledged("1", "r", "q", 3)
	s.WatchQueues(func(yield func(StreamQueueDepth)) {
		yield(StreamQueueDepth{Account: "1", Region: "r", Queue: "q", Visible: 5, InFlight: 2, Dead: 1})
	})
	const labels = `{account="1",queue="q",region="r"`
	for _, line := range []string{
		"received_records_total" + labels + "} 4", "empty_receives_total" + labels + "} 1", "acknowledged_records_total" + labels + "} 3",
		"records" + labels + `,state="visible"} 5`, "records" + labels + `,state="in_flight"} 2`, "records" + labels + `,state="dead"} 1`,
	} {
		if !strings.Contains(scrape(t, m, "millrace_kinesis_queue_"), "millrace_kinesis_queue_"+line) {
			t.Errorf("the metrics have no line millrace_kinesis_queue_%s", line)
		}
	}
	s.ForgetQueue("1", "r", "q")
	if strings.Contains(scrape(t, m, "millrace_kinesis_queue_"), "received_records_total"+labels) {
		t.Error("the counters of a queue that is gone are still there")
	}
}
