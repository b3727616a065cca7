package kinesis

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

func TestAQueueDeliversEachRecord(t *testing.T) {
	h := newQueueHarness(t)
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("%02d", i))
		h.put("s", [2]string{fmt.Sprint("key", i), want[i]})
	}
	a, b := h.createQueue("a"), h.createQueue("b")
	records := h.receiveAll(a)
	h.wantQueueData(records, want...)
	ids := make(map[string]string)
	for _, r := range records {
		if !regexp.MustCompile(`^[a-z0-9]{1,64}$`).MatchString(r.RecordId.V) || len(r.ReceiptHandle.V) > 1024 || r.ReceiveCount.V != 1 ||
			!r.FirstReceiveTimestamp.V.Equal(h.clock.Now()) || !r.PartitionKey.Set || r.ApproximateArrivalTimestamp.V.IsZero() {
			t.Errorf("%+v", r)
		}
		ids[r.RecordId.V] = string(r.Data)
	}
	if len(ids) != len(want) {
		t.Errorf("%d records have %d ids", len(want), len(ids))
	}
	// Another queue has them too, under the same ids.
	for _, r := range h.receiveAll(b) {
		if ids[r.RecordId.V] != string(r.Data) {
			t.Errorf("%s is another record in the other queue", r.RecordId.V)
		}
	}
	h.ack(a, records...)
	if code := h.tryAck(a, records[0]); code != noRecord {
		t.Errorf("what is settled is settled again: %q", code)
	}
	h.clock.Advance(lease)
	h.wantQueueData(h.receiveAll(a))
	h.wantQueueData(h.receiveAll(b), want...)
	h.put("s", [2]string{"key", "new"})
	h.wantQueueData(h.receiveAll(a), "new")
}

func TestWhereAQueueBegins(t *testing.T) {
	h := newQueueHarness(t)
	h.put("s", [2]string{"a", "1"})
	h.clock.Advance(time.Minute)
	at := h.clock.Now()
	h.put("s", [2]string{"a", "2"})
	h.clock.Advance(time.Minute)
	from := func(kind string, at api.Opt[time.Time]) func(*kinesisapi.CreateQueueInput) {
		return func(in *kinesisapi.CreateQueueInput) {
			in.StreamConfigurationList[0].StartingPosition = &kinesisapi.QueueStartingPosition{Type: api.Some(kind), Timestamp: at}
		}
	}
	none := api.Opt[time.Time]{}
	created := h.state("s").CreatedAt
	for _, x := range []struct {
		name      string
		edit      func(*kinesisapi.CreateQueueInput)
		effective time.Time
		want      []string
	}{
		{"horizon", from("TRIM_HORIZON", none), created, []string{"1", "2", "3"}},
		{"latest", from("LATEST", none), h.clock.Now(), []string{"3"}},
		{"nothing", func(in *kinesisapi.CreateQueueInput) { in.StreamConfigurationList[0].StartingPosition = nil }, h.clock.Now(), []string{"3"}},
		{"time", from("AT_TIMESTAMP", api.Some(at)), at, []string{"2", "3"}},
		{"old", from("AT_TIMESTAMP", api.Some(at.Add(-time.Hour))), created, []string{"1", "2", "3"}},
	} {
		arn := h.createQueue(x.name, x.edit)
		d, err := h.describeQueue(arn)
		h.must(err)
		if got := d.StreamConfigurationList[0].StartingPosition.Timestamp.V; !got.Equal(x.effective) {
			t.Errorf("%s begins at %v, want %v", x.name, got, x.effective)
		}
		defer func() { h.wantQueueData(h.receiveAll(arn), x.want...) }()
	}
	for name, edit := range map[string]func(*kinesisapi.CreateQueueInput){
		"no time":        from("AT_TIMESTAMP", none),
		"time of latest": from("LATEST", api.Some(at)),
		"two streams": func(in *kinesisapi.CreateQueueInput) {
			in.StreamConfigurationList = append(in.StreamConfigurationList, in.StreamConfigurationList[0])
		},
		"no count": func(in *kinesisapi.CreateQueueInput) {
			in.QueueAttributes = &kinesisapi.QueueAttributes{DeadLetterConfiguration: &kinesisapi.DeadLetterConfiguration{TargetType: api.Some("BUILT_IN")}}
		},
	} {
		t.Log(name)
		_, err := h.tryCreateQueue("bad", "s", edit)
		h.wantCode(err, "ValidationException")
	}
	_, err := h.tryCreateQueue("bad", "s", from("AT_TIMESTAMP", api.Some(h.clock.Now().Add(time.Hour))))
	h.wantCode(err, "InvalidArgumentException")
	h.put("s", [2]string{"a", "3"})
}

func TestLeasesOfQueueRecords(t *testing.T) {
	h := newQueueHarness(t)
	arn, other := h.createQueue("q"), h.createQueue("other")
	h.put("s", [2]string{"a", "1"}, [2]string{"a", "2"})
	one, err := h.tryReceive(arn, askedOfQueue{max: api.Some(int32(1)), visibility: api.Some(int32(10))})
	h.must(err)
	h.wantQueueData(one, "1")
	h.wantQueueData(h.receive(arn), "2")
	if code := h.tryShow(arn, one[0], 60); code != "" {
		t.Errorf("its lease is not extended: %s", code)
	}
	h.clock.Advance(lease)
	h.put("s", [2]string{"a", "3"})
	// What has come due goes before what is new.
	again, err := h.tryReceive(arn, askedOfQueue{max: api.Some(int32(1))})
	h.must(err)
	h.wantQueueData(again, "2")
	if again[0].ReceiveCount.V != 2 || !again[0].FirstReceiveTimestamp.V.Before(h.clock.Now()) {
		t.Errorf("%+v", again[0])
	}
	if code := h.tryShow(arn, one[0], 0); code != "" {
		t.Errorf("it is not visible at once: %s", code)
	}
	rest := h.receive(arn)
	h.wantQueueData(rest, "1", "3")
	if code := h.tryAck(arn, one[0]); code != invalidHandle {
		t.Errorf("an old handle: %q", code)
	}
	if code := h.tryAckDead(arn, rest[0]); code != invalidHandle {
		t.Errorf("no dead letter: %q", code)
	}
	if code := h.tryAck(other, rest[0]); code != invalidHandle {
		t.Errorf("another queue's handle: %q", code)
	}
	if code := h.tryAck(arn, kinesisapi.QueueRecord{ReceiptHandle: api.Some("x")}); code != invalidHandle {
		t.Errorf("no handle at all: %q", code)
	}
	h.clock.Advance(lease)
	h.ack(arn, rest...) // late, but nobody else has them
	// Nothing is delivered twice in one receive, though it be visible at once.
	zero, err := h.tryReceive(arn, askedOfQueue{visibility: api.Some(int32(0))})
	h.must(err)
	h.wantQueueData(zero, "2")
	h.clock.Advance(time.Millisecond)
	h.wantQueueData(h.receive(arn), "2")
	// A clock that is set back makes no lease longer, not over a restart either.
	h.clock.Set(h.clock.Now().Add(-time.Hour))
	h.clock.Advance(lease)
	h.wantQueueData(h.receive(arn), "2")
	h.sweepAll()
	h.Close()
	h.clock.Set(h.clock.Now().Add(-time.Hour))
	h.start()
	h.clock.Advance(lease)
	h.wantQueueData(h.receive(arn), "2")
}

func TestDeadLetters(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(2))
	h.put("s", [2]string{"a", "1"})
	h.receive(arn)
	h.clock.Advance(lease)
	last := h.receive(arn)
	h.wantQueueData(last, "1")
	h.wantQueueData(h.receiveDead(arn)) // not before the lease ends
	h.clock.Advance(lease)
	h.wantQueueData(h.receive(arn))
	dead := h.receiveDead(arn)
	h.wantQueueData(dead, "1")
	if dead[0].ReceiveCount.V != 3 || dead[0].RecordId.V != last[0].RecordId.V {
		t.Errorf("%+v", dead[0])
	}
	if code := h.tryAck(arn, dead[0]); code != invalidHandle {
		t.Errorf("a dead letter's handle among the records: %q", code)
	}
	if code := h.tryAck(arn, last[0]); code != invalidHandle {
		t.Errorf("the last handle while somebody has the dead letter: %q", code)
	}
	h.wantQueueData(h.receiveDead(arn)) // leased
	if code := h.tryShowDead(arn, dead[0], 0); code != "" {
		t.Errorf("it is not visible at once: %s", code)
	}
	dead = h.receiveDead(arn)
	if code := h.tryRestore(arn, dead[0]); code != "" {
		t.Fatalf("it is not restored: %s", code)
	}
	h.wantQueueData(h.receiveDead(arn))
	restored := h.receive(arn)
	h.wantQueueData(restored, "1")
	if restored[0].ReceiveCount.V != 1 {
		t.Errorf("received %d times since it was restored", restored[0].ReceiveCount.V)
	}
	if code := h.tryRestore(arn, dead[0]); code != noRecord {
		t.Errorf("it is restored twice: %q", code)
	}
	for range 2 {
		h.clock.Advance(lease)
		h.receive(arn)
	}
	dead = h.receiveDead(arn)
	h.wantQueueData(dead, "1")
	if code := h.tryAckDead(arn, dead[0]); code != "" {
		t.Errorf("it is not settled: %s", code)
	}
	h.clock.Advance(lease)
	h.wantQueueData(h.receiveDead(arn))
	h.wantQueueData(h.receive(arn))
	if q := h.queueMemory(arn); !q.idle() {
		t.Errorf("something is left: %+v", q)
	}
}

// The receipt of the last receive settles a record while its lease lasts, and
// shows it as a dead letter.
func TestTheLastReceipt(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(1))
	h.put("s", [2]string{"a", "1"}, [2]string{"a", "2"})
	got := h.receive(arn)
	h.wantQueueData(got, "1", "2")
	h.ack(arn, got[0])
	if code := h.tryShow(arn, got[1], 0); code != "" {
		t.Errorf("its lease does not end: %s", code)
	}
	h.wantQueueData(h.receive(arn))
	h.wantQueueData(h.receiveDead(arn), "2")
}

func TestUpdateQueue(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q")
	update := func(a *kinesisapi.QueueAttributes) {
		t.Helper()
		out := new(kinesisapi.UpdateQueueOutput)
		h.must(h.UpdateQueue(h.call(kinesisapi.OpUpdateQueue), &kinesisapi.UpdateQueueInput{QueueARN: api.Some(arn), QueueAttributes: a}, out))
		if out.QueueDescription.QueueStatus.V != updating {
			t.Errorf("%+v", out.QueueDescription)
		}
	}
	want := func(visibility int32, receives int32) {
		t.Helper()
		d, err := h.describeQueue(arn)
		h.must(err)
		a := d.QueueAttributes
		if a.VisibilityTimeoutSeconds.V != visibility || a.DeadLetterConfiguration.MaxReceiveCount.V != receives || d.QueueStatus.V != active {
			t.Errorf("%s, %d s, %+v", d.QueueStatus.V, a.VisibilityTimeoutSeconds.V, a.DeadLetterConfiguration)
		}
	}
	want(30, 6)
	h.put("s", [2]string{"a", "1"})
	for range 3 {
		h.wantQueueData(h.receive(arn), "1")
		h.clock.Advance(lease)
	}
	update(&kinesisapi.QueueAttributes{VisibilityTimeoutSeconds: api.Some(int32(5))})
	want(5, 6)
	update(&kinesisapi.QueueAttributes{DeadLetterConfiguration: builtIn(2)})
	want(5, 2)
	h.wantQueueData(h.receive(arn)) // it was received more often
	dead := h.receiveDead(arn)
	h.wantQueueData(dead, "1")
	update(&kinesisapi.QueueAttributes{DeadLetterConfiguration: &kinesisapi.DeadLetterConfiguration{TargetType: api.Some("NONE")}})
	want(5, 0)
	if code := h.tryRestore(arn, dead[0]); code != "" {
		t.Fatal(code)
	}
	for range 20 {
		h.wantQueueData(h.receive(arn), "1")
		h.clock.Advance(5 * time.Second)
	}
}

func TestAQueueHoldsSoManyInFlight(t *testing.T) {
	h := newQueueHarness(t, func(o *Options) { o.QueueInFlight = 3 })
	arn := h.createQueue("q")
	h.put("s", [2]string{"a", "1"}, [2]string{"a", "2"}, [2]string{"a", "3"}, [2]string{"a", "4"})
	got := h.receive(arn)
	h.wantQueueData(got, "1", "2", "3")
	h.wantQueueData(h.receive(arn))
	r := h.ask(arn, askedOfQueue{})
	defer r.leave()
	r.waits(1)
	h.ack(arn, got[0])
	h.wantQueueData(r.result(), "4")
	h.clock.Advance(lease)
	h.wantQueueData(h.receive(arn), "2", "3", "4")
}

func TestWaitingForQueueRecords(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", maxReceives(2))
	first := h.ask(arn, askedOfQueue{})
	first.waits(1)
	second := h.ask(arn, askedOfQueue{wait: api.Some(int32(20))})
	second.waits(2)
	h.put("s", [2]string{"a", "1"})
	h.wantQueueData(first.result(), "1") // who waits longest
	if second.over() {
		t.Error("both are woken")
	}
	// A caller who goes away takes nothing.
	gone := h.ask(arn, askedOfQueue{})
	gone.waits(2)
	gone.leave()
	gone.waits(1)
	h.clock.Advance(time.Second)
	if code := h.tryShow(arn, first.records[0], 2); code != "" {
		t.Fatal(code)
	}
	h.clock.Advance(2 * time.Second) // it comes due
	h.wantQueueData(second.result(), "1")
	dead := h.ask(arn, askedOfQueue{dead: true, wait: api.Some(int32(20))})
	dead.waits(1)
	if code := h.tryShow(arn, second.records[0], 3); code != "" {
		t.Fatal(code)
	}
	h.clock.Advance(3 * time.Second) // it dies
	h.wantQueueData(dead.result(), "1")
	// The wait ends.
	idle := h.ask(arn, askedOfQueue{})
	idle.waits(1)
	h.clock.Advance(receiveWait*time.Second - time.Millisecond)
	if idle.over() {
		t.Error("the wait is over before its time")
	}
	h.clock.Advance(time.Millisecond)
	if got := idle.result(); got == nil || len(got) > 0 {
		t.Errorf("nothing is answered as %#v", got)
	}
	// So it does when the queue is deleted.
	last := h.ask(arn, askedOfQueue{})
	last.waits(1)
	h.must(h.deleteQueue(arn))
	h.eventually(func() string {
		if !last.over() {
			return "the receive waits for a queue that is gone"
		}
		return ""
	})
	h.wantCode(last.err, "ResourceNotFoundException")
}

// queueMemory returns the memory of a queue, freshly loaded.
func (h *harness) queueMemory(arn string) (m *queueMemory) {
	h.t.Helper()
	key, _ := parseQueueARN(arn)
	h.must(h.store.Partition(key.partition()).View(h.t.Context(), func(r store.Reader) (err error) {
		m, err = loadQueue(r)
		return err
	}))
	return m
}

// idle reports whether nothing is in flight or dead.
func (m *queueMemory) idle() bool {
	for _, sh := range m.shards {
		if !empty(sh.live) || !empty(sh.dead) {
			return false
		}
	}
	return true
}
