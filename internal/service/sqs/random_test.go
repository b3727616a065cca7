package sqs

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// modelMessage is a message of a modelled queue.
type modelMessage struct {
	body, group string
	sent        time.Time
	visible     time.Time
	receives    int
	lease       int // of the last receive
}

// modelHandle is a receipt handle, and what it was given for.
type modelHandle struct {
	handle string
	m      *modelMessage
	lease  int
}

// model is a queue as its users understand it.
type model struct {
	t       *testing.T
	r       *rig
	rng     *rand.Rand
	name    string
	url     string
	fifo    bool
	there   []*modelMessage // in the order in which they were sent
	byBody  map[string]*modelMessage
	handles []modelHandle
	sent    int
	log     []string
}

func (md *model) note(format string, args ...any) {
	md.log = append(md.log, fmt.Sprintf(format, args...))
}

func (md *model) fail(format string, args ...any) {
	md.t.Helper()
	for _, l := range md.log[max(0, len(md.log)-60):] {
		md.t.Log(l)
	}
	md.t.Fatalf(format, args...)
}

func (md *model) now() time.Time { return md.r.clock.Now() }

// deliverable returns the messages that can be received now: in a FIFO queue
// those of a group up to the first that is in flight.
func (md *model) deliverable() (all []*modelMessage) {
	blocked := map[string]bool{}
	for _, m := range md.there {
		switch hidden := m.visible.After(md.now()); {
		case md.fifo && hidden:
			blocked[m.group] = true
		case !hidden && !(md.fifo && blocked[m.group]):
			all = append(all, m)
		}
	}
	return all
}

func (md *model) send() {
	md.sent++
	m := &modelMessage{body: strconv.Itoa(md.sent), sent: md.now(), visible: md.now()}
	in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(md.url), MessageBody: api.Some(m.body)}
	if md.fifo || md.rng.IntN(3) == 0 {
		m.group = "g" + strconv.Itoa(md.rng.IntN(6))
		in.MessageGroupId = api.Some(m.group)
	}
	if md.fifo {
		in.MessageDeduplicationId = api.Some(m.body)
	} else if md.rng.IntN(4) == 0 {
		delay := md.rng.Int32N(8)
		in.DelaySeconds = api.Some(delay)
		m.visible = md.now().Add(time.Duration(delay) * time.Second)
	}
	md.note("send %s to group %q, visible in %v", m.body, m.group, m.visible.Sub(md.now()))
	err := md.r.SendMessage(md.r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult))
	if errors.Is(err, errInjected) {
		md.note("  failed")
		return
	}
	if err != nil {
		md.fail("send: %v", err)
	}
	md.there = append(md.there, m)
	md.byBody[m.body] = m
}

func (md *model) receive() {
	n := 1 + md.rng.Int32N(10)
	timeout := md.rng.Int32N(6)
	var out sqsapi.ReceiveMessageResult
	err := md.r.ReceiveMessage(md.r.ctx(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{
		QueueUrl: api.Some(md.url), MaxNumberOfMessages: api.Some(n), VisibilityTimeout: api.Some(timeout),
		MessageSystemAttributeNames: []string{"ApproximateReceiveCount"},
	}, &out)
	md.note("receive %d for %d s: %s", n, timeout, bodies(out.Messages))
	if errors.Is(err, errInjected) {
		md.note("  failed")
		return
	}
	if err != nil {
		md.fail("receive: %v", err)
	}
	could := md.deliverable()
	if want := min(int(n), len(could)); len(out.Messages) != want {
		md.fail("received %d messages, %d of %d could be", len(out.Messages), want, len(could))
	}
	next := map[string]int{} // of FIFO groups: how many of the deliverable ones went
	for _, got := range out.Messages {
		m := md.byBody[got.Body.V]
		if m == nil || !slices.Contains(could, m) {
			md.fail("received %s, which cannot be now", got.Body.V)
		}
		if md.fifo {
			ofGroup := slices.DeleteFunc(slices.Clone(could), func(o *modelMessage) bool { return o.group != m.group })
			if i := next[m.group]; ofGroup[i] != m {
				md.fail("received %s of group %s, and %s is before it", m.body, m.group, ofGroup[i].body)
			}
			next[m.group]++
		}
		m.receives++
		m.lease++
		m.visible = md.now().Add(time.Duration(timeout) * time.Second)
		if got.Attributes["ApproximateReceiveCount"] != strconv.Itoa(m.receives) {
			md.fail("%s says it was received %s times, and was %d", m.body, got.Attributes["ApproximateReceiveCount"], m.receives)
		}
		md.handles = append(md.handles, modelHandle{got.ReceiptHandle.V, m, m.lease})
	}
}

// handle picks a receipt handle, mostly a young one.
func (md *model) handle() (modelHandle, bool) {
	if len(md.handles) == 0 {
		return modelHandle{}, false
	}
	i := len(md.handles) - 1 - md.rng.IntN(min(len(md.handles), 12))
	if md.rng.IntN(8) == 0 {
		i = md.rng.IntN(len(md.handles))
	}
	return md.handles[i], true
}

// mine reports whether a handle is of the last receive of a message that is
// there, and whether its time is not over.
func (md *model) mine(h modelHandle) (newest, held bool) {
	newest = h.m == md.byBody[h.m.body] && h.lease == h.m.lease
	return newest, newest && h.m.visible.After(md.now())
}

func (md *model) remove(m *modelMessage) {
	md.there = slices.DeleteFunc(md.there, func(o *modelMessage) bool { return o == m })
	delete(md.byBody, m.body)
}

func (md *model) delete() {
	h, ok := md.handle()
	if !ok {
		return
	}
	newest, held := md.mine(h)
	there := md.byBody[h.m.body] != nil
	err := md.r.DeleteMessage(md.r.ctx(sqsapi.OpDeleteMessage), &sqsapi.DeleteMessageRequest{QueueUrl: api.Some(md.url), ReceiptHandle: api.Some(h.handle)})
	md.note("delete %s with lease %d of %d: %v", h.m.body, h.lease, h.m.lease, err)
	if errors.Is(err, errInjected) {
		return
	}
	if wrong := err != nil; wrong != (md.fifo && there && !held) {
		md.fail("delete: %v", err)
	}
	if held || newest && !md.fifo {
		md.remove(h.m)
	}
}

func (md *model) change() {
	h, ok := md.handle()
	if !ok {
		return
	}
	_, held := md.mine(h)
	there := md.byBody[h.m.body] != nil
	timeout := md.rng.Int32N(6)
	err := md.r.ChangeMessageVisibility(md.r.ctx(sqsapi.OpChangeMessageVisibility), &sqsapi.ChangeMessageVisibilityRequest{
		QueueUrl: api.Some(md.url), ReceiptHandle: api.Some(h.handle), VisibilityTimeout: api.Some(timeout),
	})
	md.note("change %s with lease %d of %d to %d s: %v", h.m.body, h.lease, h.m.lease, timeout, err)
	if errors.Is(err, errInjected) {
		return
	}
	if wrong := err != nil; wrong != (!there || md.fifo && !held) {
		md.fail("change: %v", err)
	}
	if held {
		h.m.visible = md.now().Add(time.Duration(timeout) * time.Second)
	}
}

func (md *model) counts() {
	var want counts
	for _, m := range md.there {
		switch {
		case !m.visible.After(md.now()):
			want.visible++
		case m.receives > 0:
			want.inFlight++
		default:
			want.delayed++
		}
	}
	var got counts
	err := md.r.update(md.r.ctx(sqsapi.OpGetQueueAttributes), queueKey{"000000000000", "us-east-1", md.name}, func(_ store.Tx, _ *queue, m *memory) error {
		got = m.order.counts(md.r.now())
		return nil
	})
	if err != nil {
		md.fail("counts: %v", err)
	}
	if md.fifo {
		// Messages of a group that is locked count as in flight with it until the
		// lock is looked at.
		if got.visible+got.inFlight != want.visible+want.inFlight {
			md.fail("the queue says %+v, it has %+v", got, want)
		}
		return
	}
	if got != want {
		md.fail("the queue says %+v, it has %+v", got, want)
	}
}

// expire removes what is older than the queue's retention of an hour.
func (md *model) expire() {
	md.r.sweep(md.r.ctx(sqsapi.OpGetQueueAttributes))
	for _, m := range slices.Clone(md.there) {
		if md.now().Sub(m.sent) > time.Hour {
			md.remove(m)
		}
	}
	md.note("expired; %d are left", len(md.there))
}

var errInjected = errors.New("injected")

// TestRandomOperations holds queues against a model of what users were promised,
// with restarts and failing commits on the way.
func TestRandomOperations(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprintf("fifo=%v/%d", fifo, seed), func(t *testing.T) { randomOperations(t, fifo, seed) })
		}
	}
}

func randomOperations(t *testing.T, fifo bool, seed uint64) {
	r := newRig(t)
	md := &model{t: t, r: r, rng: rand.New(rand.NewPCG(seed, 7)), name: "q", fifo: fifo, byBody: map[string]*modelMessage{}}
	attributes := map[string]string{"MessageRetentionPeriod": "3600"}
	if fifo {
		md.name, attributes["FifoQueue"] = "q.fifo", "true"
	}
	md.url = r.create(md.name, attributes)
	for range 800 {
		if slices.ContainsFunc(md.there, func(m *modelMessage) bool { return md.now().Sub(m.sent) > time.Hour-10*time.Second }) {
			r.clock.Advance(20 * time.Second) // every lease and delay ends
			md.expire()
		}
		switch k := md.rng.IntN(100); {
		case k < 30:
			md.send()
		case k < 55:
			md.receive()
		case k < 70:
			md.delete()
		case k < 77:
			md.change()
		case k < 90:
			d := time.Duration(md.rng.IntN(3000)) * time.Millisecond
			r.clock.Advance(d)
			md.note("%v pass", d)
		case k < 94:
			md.counts()
			md.peeks()
		case k < 96:
			md.note("restart")
			r.restart()
		case k < 99:
			md.note("the next commit fails")
			r.store.FailCommits(errInjected, 1, memstore.Dropped)
			[]func(){md.send, md.receive, md.delete, md.change}[md.rng.IntN(4)]()
			r.store.FailCommits(nil, 0, memstore.Dropped)
		default:
			r.clock.Advance(20 * time.Minute)
			md.expire()
		}
	}
	// All that is there can be had in the end.
	r.clock.Advance(10 * time.Second)
	left := maps.Clone(md.byBody)
	for range 10000 {
		got := r.receive(md.url, 10)
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			delete(left, m.Body.V)
			if err := r.delete(md.url, m); err != nil {
				md.fail("delete: %v", err)
			}
		}
	}
	if len(left) > 0 {
		md.fail("%d messages were never delivered", len(left))
	}
	r.wantCounts(md.name, 0, 0, 0)
	if rows := leftRows(t, r, md.name); len(rows) > 0 {
		t.Errorf("an empty queue has rows: %q", rows)
	}
}

// leftRows returns the keys of a queue's partition beyond those that every queue
// has.
func leftRows(t *testing.T, r *rig, name string) (keys []string) {
	t.Helper()
	p := r.store.Partition(queueKey{"000000000000", "us-east-1", name}.partition())
	err := p.View(t.Context(), func(rd store.Reader) error {
		for kv, err := range rd.Scan(nil, nil) {
			if err != nil {
				return err
			}
			switch k := string(kv.Key); {
			case k == "desc", k == "meta", k[:2] == "d/":
			default:
				keys = append(keys, k)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
