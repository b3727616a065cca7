package kinesis

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
)

// A queue follows its stream through reshards, and forgets the shards that have
// left it.
func TestAQueueFollowsReshards(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q")
	var want []string
	put := func(from, to int) {
		for i := from; i < to; i++ {
			want = append(want, fmt.Sprintf("%02d", i))
			h.put("s", [2]string{fmt.Sprint("key", i), want[i]})
		}
	}
	put(0, 20)
	one := h.receive(arn)[:1]
	waiting := h.ask(h.createQueue("latest", func(in *kinesisapi.CreateQueueInput) { in.StreamConfigurationList[0].StartingPosition = nil }), askedOfQueue{})
	defer waiting.leave()
	waiting.waits(1)
	h.reshard(reshard{Split: &splitIntent{0, hash128.Bound(1, 8)}})
	h.reshard(reshard{Merge: &mergeIntent{2, 3}})
	put(20, 40)
	if len(waiting.result()) == 0 {
		t.Error("a put into a child wakes nobody")
	}
	h.clock.Advance(lease)
	h.ack(arn, one...)
	rest := h.receiveAll(arn)
	h.wantQueueData(append(rest, one...), want...)
	h.ack(arn, rest...)
	h.clock.Advance(26 * time.Hour)
	h.sweepAll()
	m := h.queueMemory(arn)
	st := h.state("s")
	if len(st.shards) != 4 || len(m.shards) > 4 || !m.idle() {
		t.Errorf("the stream has %d shards, the queue %d", len(st.shards), len(m.shards))
	}
	for _, sh := range m.shards {
		if st.shard(sh.index) == nil {
			t.Errorf("the queue has shard %d, which has left the stream", sh.index)
		}
	}
}

// reshard changes the shards of the stream "s" as on-demand scaling does.
func (h *harness) reshard(r reshard) {
	h.t.Helper()
	s, st, err := h.stream(h.t.Context(), streamKey{testAccount, testRegion, "s"})
	h.must(err)
	h.must(h.beginReshard(h.t.Context(), s, st, len(st.openShard)+1, func(*streamState) (*reshard, error) { return &r, nil }))
}

// sweepAll does what the service does each minute.
func (h *harness) sweepAll() {
	h.trimAll(h.t.Context())
	h.sweepQueues(h.t.Context())
}

// What leaves the stream leaves the queue: what was never received, what is in
// flight and what is dead; before it is trimmed too.
func TestRetentionEndsInQueues(t *testing.T) {
	for _, trimmed := range []bool{false, true} {
		t.Run(fmt.Sprint("trimmed ", trimmed), func(t *testing.T) {
			h := newQueueHarness(t, func(o *Options) { o.TrimInterval = 1000 * time.Hour })
			arn := h.createQueue("q", maxReceives(1))
			h.put("s", [2]string{"a", "dead"}, [2]string{"a", "held"})
			none := func(in *kinesisapi.CreateQueueInput) {
				in.QueueAttributes = &kinesisapi.QueueAttributes{DeadLetterConfiguration: &kinesisapi.DeadLetterConfiguration{TargetType: api.Some("NONE")}}
			}
			other := h.createQueue("other", none)
			h.receive(arn)
			h.receive(other)
			h.clock.Advance(lease)
			h.wantQueueData(h.receiveDead(arn), "dead", "held")
			for i := range 30 {
				h.put("s", [2]string{"a", fmt.Sprint("unread", i)})
			}
			h.clock.Advance(25 * time.Hour)
			h.put("s", [2]string{"a", "young"})
			if trimmed {
				h.sweepAll()
			}
			h.wantQueueData(h.receiveDead(arn))
			h.wantQueueData(h.receive(arn), "young")
			h.wantQueueData(h.receive(other), "young")
			h.clock.Advance(25 * time.Hour)
			h.sweepAll()
			for _, of := range []string{arn, other} {
				if m := h.queueMemory(of); !m.idle() {
					t.Errorf("something is left in %s", of)
				}
			}
		})
	}
}

// A record that is damaged keeps nobody from the others, is never passed over
// silently, and is a dead letter in the end.
func TestDamagedRecordsInQueues(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(2))
	for i := range 3 {
		h.put("s", [2]string{"a", fmt.Sprint(i)})
	}
	for _, sh := range h.state("s").shards {
		h.store.Damage(sh.runtime.logName, 1)
	}
	got := h.receive(arn)
	h.wantQueueData(got, "0", "2")
	h.ack(arn, got...)
	h.clock.Advance(lease)
	_, err := h.tryReceive(arn, askedOfQueue{})
	h.wantCode(err, "InternalFailureException")
	h.clock.Advance(lease)
	h.wantQueueData(h.receive(arn))
	_, err = h.tryReceive(arn, askedOfQueue{dead: true})
	h.wantCode(err, "InternalFailureException")
}

// Where the records cannot be read for now, the receive has not been.
func TestAReceiveThatCannotReadGivesBack(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(1))
	h.put("s", [2]string{"a", "1"})
	key, _ := parseQueueARN(arn)
	q, err := h.queue(t.Context(), key)
	h.must(err)
	look, err := q.look(t.Context())
	h.must(err)
	out := []delivery{}
	h.must(q.update(t.Context(), takeAll(q, look, &out)))
	if len(out) != 1 {
		t.Fatalf("%+v", out)
	}
	h.must(q.giveBack(t.Context(), out))
	h.wantQueueData(h.receiveDead(arn))
	records := h.receive(arn)
	h.wantQueueData(records, "1")
	if records[0].ReceiveCount.V != 1 {
		t.Errorf("received %d times", records[0].ReceiveCount.V)
	}
}
