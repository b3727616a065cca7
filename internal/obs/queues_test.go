package obs

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestQueues(t *testing.T) {
	m := New(Build{}, clock.NewFake(time.Unix(0, 0)))
	q := m.Queues
	q.Sent("1", "r", "orders", 10, 2560, 1)
	q.Received("1", "r", "orders", 4)
	q.Received("1", "r", "orders", 0)
	q.Deleted("1", "r", "orders", 3)
	q.Watch(func(yield func(Depth)) {
		yield(Depth{Account: "1", Region: "r", Queue: "orders", Visible: 5, InFlight: 1, Delayed: 1, Oldest: time.Minute, Noisy: 2})
	})
	page := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Body.String()
	}
	const labels = `{account="1",queue="orders",region="r"`
	for _, line := range []string{
		"messages_sent_total" + labels + "} 10", "sent_bytes_total" + labels + "} 2560", "messages_deduplicated_total" + labels + "} 1",
		"messages_received_total" + labels + "} 4", "empty_receives_total" + labels + "} 1", "messages_deleted_total" + labels + "} 3",
		"messages" + labels + `,state="visible"} 5`, "messages" + labels + `,state="in_flight"} 1`, "messages" + labels + `,state="delayed"} 1`,
		"oldest_message_age_seconds" + labels + "} 60", "noisy_groups" + labels + "} 2",
	} {
		if !strings.Contains(page(), "millrace_sqs_"+line+"\n") {
			t.Errorf("the metrics have no line millrace_sqs_%s", line)
		}
	}
	q.Forget("1", "r", "orders")
	if strings.Contains(page(), "messages_sent_total"+labels) {
		t.Error("the counters of a queue that is gone are still there")
	}
}
