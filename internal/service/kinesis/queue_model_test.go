package kinesis

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
)

// takeAll is an update that receives what there is.
func takeAll(q *queue, look *sources, out *[]delivery) func(store.Tx, *queueMemory) error {
	return func(tx store.Tx, m *queueMemory) error {
		if err := m.follow(tx, look); err != nil {
			return err
		}
		now := q.svc.nowMillis()
		t := &taking{now: now, until: now + 30_000, max: 100}
		err := m.receive(tx, look, t, 1000)
		*out = t.out
		return err
	}
}

// queueModel is what a queue should do, without rows, shards or time-outs.
type queueModel struct {
	max     uint32 // receives
	records map[string]*modelRecord
	handles []modelHandle
}

type modelRecord struct {
	data     string
	received bool // ever
	gone     bool
	dead     bool // or will be when its lease ends
	visible  time.Time
	count    uint32
	lease    int
}

type modelHandle struct {
	of     *modelRecord
	record kinesisapi.QueueRecord
	lease  int
	dead   bool
}

// due returns the records that can be received, apart from those that never were.
func (m *queueModel) due(now time.Time, dead bool) (due, fresh int) {
	for _, r := range m.records {
		switch {
		case r.gone || r.dead != dead:
		case !r.received:
			fresh++
		case !r.visible.After(now):
			due++
		}
	}
	return due, fresh
}

// decide returns what the operation on a handle should answer.
func (h *modelHandle) decide(dead bool) string {
	switch {
	case h.dead != dead:
		return invalidHandle
	case h.of.gone || dead && !h.of.dead:
		return noRecord
	case h.of.lease != h.lease:
		return invalidHandle
	}
	return ""
}

func TestAQueueAgainstItsModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runQueueModel(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func runQueueModel(t *testing.T, random *rand.Rand) {
	edit := func(o *Options) { o.TransitionDelay = 0 }
	h := newQueueHarness(t)
	m := &queueModel{max: uint32(1 + random.IntN(3)), records: make(map[string]*modelRecord)}
	arn := h.createQueue("q", maxReceives(int32(m.max)))
	if random.IntN(2) == 0 {
		m.max = 6
		arn = h.createQueue("six")
	}
	splits := 0
	for step := range 250 {
		switch n := random.IntN(100); {
		case n < 20:
			for range 1 + random.IntN(8) {
				r := &modelRecord{data: fmt.Sprint(len(m.records))}
				m.records[r.data] = r
				h.put("s", [2]string{r.data, r.data})
			}
		case n < 55:
			m.receive(h, arn, step, n >= 42)
		case n < 85 && len(m.handles) > 0:
			m.decide(h, arn, step, random)
		case n < 97:
			h.clock.Advance(time.Duration(1+random.IntN(20)) * time.Second)
		case n < 98 && splits < 3:
			splits++
			st := h.state("s")
			sh := st.openShard[random.IntN(len(st.openShard))]
			h.reshard(reshard{Split: &splitIntent{sh.Index, hash128.Hash{Hi: sh.Start.Hi/2 + sh.End.Hi/2}}})
		default: // again from what is stored
			h.Close()
			h.start(edit)
		}
		if t.Failed() {
			t.Fatalf("at step %d", step)
		}
	}
}

func (m *queueModel) receive(h *harness, arn string, step int, dead bool) {
	now := h.clock.Now()
	due, fresh := m.due(now, dead)
	records, err := h.tryReceive(arn, askedOfQueue{dead: dead})
	h.must(err)
	if want := min(due+fresh, receiveMax); len(records) != want {
		h.t.Errorf("step %d: received %d, want %d (dead: %v)", step, len(records), want, dead)
	}
	for _, got := range records {
		r := m.records[string(got.Data)]
		if r == nil || r.gone || r.dead != dead || r.received && r.visible.After(now) {
			h.t.Errorf("step %d: received %+v", step, r)
			return
		}
		if r.received {
			due--
		}
		r.received = true
		r.count++
		r.lease++
		r.visible = now.Add(30 * time.Second)
		r.dead = dead || r.count >= m.max
		if uint32(got.ReceiveCount.V) != r.count {
			h.t.Errorf("step %d: %s was received %d times, want %d", step, r.data, got.ReceiveCount.V, r.count)
		}
		m.handles = append(m.handles, modelHandle{r, got, r.lease, dead})
	}
	if due > 0 && len(records) < receiveMax {
		h.t.Errorf("step %d: %d were due and not received", step, due)
	}
}

func (m *queueModel) decide(h *harness, arn string, step int, random *rand.Rand) {
	hd := &m.handles[random.IntN(len(m.handles))]
	if random.IntN(2) == 0 { // mostly of what is new
		hd = &m.handles[len(m.handles)-1]
	}
	now, dead := h.clock.Now(), random.IntN(8) == 0 != hd.dead
	want := hd.decide(dead)
	seconds := int32(random.IntN(60))
	var got string
	switch op := random.IntN(3); {
	case op == 0 && dead:
		if got = h.tryAckDead(arn, hd.record); want == "" {
			hd.of.gone = true
		}
	case op == 0:
		if got = h.tryAck(arn, hd.record); want == "" {
			hd.of.gone = true
		}
	case op == 1 && dead:
		if got = h.tryRestore(arn, hd.record); want == "" {
			hd.of.dead, hd.of.count, hd.of.visible = false, 0, now
		}
	default:
		if dead {
			got = h.tryShowDead(arn, hd.record, seconds)
		} else {
			got = h.tryShow(arn, hd.record, seconds)
		}
		if want == "" {
			hd.of.visible = now.Add(time.Duration(seconds) * time.Second)
		}
	}
	if got != want {
		h.t.Errorf("step %d: %s by a handle (dead: %v, asked: %v) answers %q, want %q", step, hd.of.data, hd.dead, dead, got, want)
	}
}
