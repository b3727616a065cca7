package kinesis

import (
	"testing"
)

func TestQueueDepths(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(1))
	want := func(visible, inFlight, dead int64) {
		t.Helper()
		n := 0
		h.QueueDepths(func(d QueueDepth) {
			n++
			if d != (QueueDepth{testAccount, testRegion, "q", visible, inFlight, dead}) {
				t.Errorf("%+v, want %d visible, %d in flight, %d dead", d, visible, inFlight, dead)
			}
		})
		if n != 1 {
			t.Errorf("%d queues", n)
		}
	}
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		h.put("s", [2]string{key, key})
	}
	got := h.receive(arn)
	want(2, 10, 0)
	h.ack(arn, got[:4]...)
	want(2, 6, 0)
	h.clock.Advance(lease)
	want(2, 0, 6)
	h.Close()
	h.start()
	want(0, 0, 6) // the rest is known once somebody asks
	h.receive(arn)
	want(0, 2, 6)
}
