package sqs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// found returns a queue as a person finds it.
func (r *rig) found(name string) Queue {
	r.t.Helper()
	q, err := r.FindQueue(context.Background(), "000000000000", "us-east-1", name)
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

// peek looks at a page, of everything where o is zero.
func (r *rig) peek(name string, o PeekOptions) *PeekPage {
	r.t.Helper()
	if o.State == "" {
		o.State = Any
	}
	if o.Limit == 0 {
		o.Limit = 100
	}
	if o.BodyBytes == 0 {
		o.BodyBytes = 1 << 20
	}
	p, err := r.Peek(context.Background(), r.found(name), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// told is a page as "body state count" of each message.
func told(p *PeekPage) string {
	var out []string
	for _, m := range p.Messages {
		s := m.Body + " " + string(m.State) + " " + m.Attributes["ApproximateReceiveCount"]
		if m.Blocked {
			s += " blocked"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func (r *rig) wantTold(p *PeekPage, want string) {
	r.t.Helper()
	if got := told(p); got != want {
		r.t.Errorf("peek shows %q, want %q", got, want)
	}
}

func (r *rig) sendDelayed(url, body string, seconds int32) {
	r.t.Helper()
	var out sqsapi.SendMessageResult
	in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body), DelaySeconds: api.Some(seconds)}
	if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, &out); err != nil {
		r.t.Fatal(err)
	}
}

func TestPeekStandardQueue(t *testing.T) {
	for _, encrypted := range []string{"true", "false"} {
		r := newRig(t)
		url := r.create("orders", map[string]string{"SqsManagedSseEnabled": encrypted})
		for i := range 4 {
			r.send(url, fmt.Sprint("m", i), "", "")
		}
		r.sendDelayed(url, "late", 60)
		r.send(url, "of-a", "a", "")
		r.send(url, "of-b", "b", "")
		got := r.receive(url, 2)
		r.wantBodies(got, "m0 m1 ")
		all := "m0 in-flight 1, m1 in-flight 1, m2 visible 0, m3 visible 0, late delayed 0, of-a visible 0, of-b visible 0"
		r.wantTold(r.peek("orders", PeekOptions{}), all)
		r.wantTold(r.peek("orders", PeekOptions{}), all) // it leaves no trace
		r.wantTold(r.peek("orders", PeekOptions{State: InFlight}), "m0 in-flight 1, m1 in-flight 1")
		r.wantTold(r.peek("orders", PeekOptions{State: Delayed}), "late delayed 0")
		r.wantTold(r.peek("orders", PeekOptions{Group: "b"}), "of-b visible 0")
		r.wantTold(r.peek("orders", PeekOptions{Group: "c"}), "")
		if at := r.peek("orders", PeekOptions{State: InFlight}).Messages[0].VisibleAfter; at != "2026-11-24T12:00:30.000Z" {
			t.Errorf("in flight until %s", at)
		}
		r.clock.Advance(30 * time.Second)
		r.wantTold(r.peek("orders", PeekOptions{State: Visible, Limit: 3}), "m0 visible 1, m1 visible 1, m2 visible 0")
		r.wantBodies(r.receive(url, 10), "m0 m1 m2 m3 of-a of-b ")
		if n := r.receive(url, 1, func(in *sqsapi.ReceiveMessageRequest) { in.VisibilityTimeout = api.Some[int32](0) }); len(n) != 0 {
			t.Errorf("a peek made %s visible", bodies(n))
		}
	}
}

func TestPeekFIFOQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("orders.fifo", map[string]string{"FifoQueue": "true"})
	for i := range 3 {
		r.send(url, fmt.Sprint("a", i), "a", fmt.Sprint("a", i))
		r.send(url, fmt.Sprint("b", i), "b", fmt.Sprint("b", i))
	}
	r.wantBodies(r.receive(url, 2), "a0 a1 ")
	r.wantTold(r.peek("orders.fifo", PeekOptions{}), "a0 in-flight 1, a1 in-flight 1, a2 visible 0 blocked, b0 visible 0, b1 visible 0, b2 visible 0")
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: InFlight}), "a0 in-flight 1, a1 in-flight 1")
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: Visible, Group: "a"}), "a2 visible 0 blocked")
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: Delayed}), "")
	m := r.peek("orders.fifo", PeekOptions{Group: "b", Limit: 1, BodyBytes: 1}).Messages[0]
	if m.Body != "b" || !m.BodyCut || m.Size != 2 || m.Attributes["MessageGroupId"] != "b" || len(m.Attributes["SequenceNumber"]) != 20 || m.Attributes["MessageDeduplicationId"] != "b0" {
		t.Errorf("shown as %+v", m)
	}
}

func TestPeekDelayedFIFOQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("orders.fifo", map[string]string{"FifoQueue": "true", "DelaySeconds": "60"})
	r.send(url, "a0", "a", "0")
	r.clock.Advance(40 * time.Second)
	r.send(url, "a1", "a", "1")
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: Delayed}), "a0 delayed 0, a1 delayed 0")
	r.clock.Advance(20 * time.Second)
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: Delayed}), "a1 delayed 0")
	r.wantTold(r.peek("orders.fifo", PeekOptions{State: Visible}), "a0 visible 0")
}

// TestPeekGoesOn follows pages of every size over a queue of all kinds of
// messages: each is shown once.
func TestPeekGoesOn(t *testing.T) {
	for _, name := range []string{"orders", "orders.fifo"} {
		r := newRig(t)
		attributes, group := map[string]string{}, ""
		if name == "orders.fifo" {
			attributes["FifoQueue"] = "true"
		}
		url := r.create(name, attributes)
		for i := range 60 {
			if group = fmt.Sprint("g", i%7); i%7 == 0 && name == "orders" {
				group = ""
			}
			dedup := ""
			if name == "orders.fifo" {
				dedup = fmt.Sprint(i)
			}
			r.send(url, fmt.Sprint("m", i), group, dedup)
		}
		for range 3 {
			r.receive(url, 5)
		}
		whole := r.peek(name, PeekOptions{})
		if len(whole.Messages) != 60 || whole.Next != "" || whole.Total != 60 {
			t.Fatalf("%s: %d messages of %d, next %q", name, len(whole.Messages), whole.Total, whole.Next)
		}
		for limit := 1; limit < 61; limit += 7 {
			var all PeekPage
			for after := ""; ; {
				p := r.peek(name, PeekOptions{After: after, Limit: limit})
				all.Messages = append(all.Messages, p.Messages...)
				if after = p.Next; after == "" {
					break
				}
			}
			if told(&all) != told(whole) {
				t.Errorf("%s in pages of %d: %s; at once: %s", name, limit, told(&all), told(whole))
			}
		}
		if m := whole.Messages[20]; r.peek(name, PeekOptions{After: m.Position}).Messages[0].MessageId != whole.Messages[21].MessageId {
			t.Errorf("%s: the position of a message is no place to go on from", name)
		}
	}
}

// TestWalkGoesOn ends walks after few rows, and goes on from where they are: a page
// ends so where it passes over much.
func TestWalkGoesOn(t *testing.T) {
	for _, name := range []string{"orders", "orders.fifo"} {
		r := newRig(t)
		attributes := map[string]string{}
		if name == "orders.fifo" {
			attributes = map[string]string{"FifoQueue": "true", "DelaySeconds": "10"}
		}
		url := r.create(name, attributes)
		for i := range 40 {
			if i == 25 {
				r.clock.Advance(10 * time.Second)
			}
			dedup := ""
			if name == "orders.fifo" {
				dedup = fmt.Sprint(i)
			}
			r.send(url, fmt.Sprint("m", i), fmt.Sprint("g", i%7), dedup)
		}
		for range 3 {
			r.receive(url, 3)
		}
		q := r.found(name)
		for _, state := range []State{Any, Visible, InFlight, Delayed} {
			whole := r.peek(name, PeekOptions{State: state})
			for budget := 2; budget < 6; budget++ {
				var all PeekPage
				for at, more := (position{}), true; more; {
					err := r.store.Partition(q.key.partition()).View(t.Context(), func(rd store.Reader) error {
						w, err := r.walk(q.key, rd)
						if err != nil {
							return err
						}
						w.state, w.after, w.budget = state, at, budget
						w.visit = func(v *visited) error {
							_, m, _, err := r.stored(w, v)
							all.Messages = append(all.Messages, m)
							return err
						}
						err = w.run()
						at, more = w.at, w.more
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if told(&all) != told(whole) {
					t.Errorf("%s, %s, %d rows at a time: %s; at once: %s", name, state, budget, told(&all), told(whole))
				}
			}
		}
	}
}

func TestPeekLeavesOutWhatHasExpired(t *testing.T) {
	r := newRig(t, func(o *Options) { o.SweepInterval = 1000 * time.Hour })
	url := r.create("orders", map[string]string{"MessageRetentionPeriod": "60"})
	r.send(url, "old", "", "")
	r.clock.Advance(time.Minute)
	r.send(url, "new", "", "")
	r.wantTold(r.peek("orders", PeekOptions{}), "old visible 0, new visible 0")
	r.clock.Advance(time.Second)
	r.wantTold(r.peek("orders", PeekOptions{}), "new visible 0")
}

// TestPeekLeavesOutExpiredDeadLetters: a dead letter of a standard queue is as old
// as it was in its first queue.
func TestPeekLeavesOutExpiredDeadLetters(t *testing.T) {
	r := newRig(t, func(o *Options) { o.SweepInterval = 1000 * time.Hour })
	r.create("dead", map[string]string{"MessageRetentionPeriod": "60"})
	work := r.create("work", map[string]string{
		"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`,
	})
	r.send(work, "job", "", "")
	r.clock.Advance(50 * time.Second)
	for range 2 {
		r.receive(work, 1)
	}
	for r.peek("dead", PeekOptions{}).Total == 0 {
		runtime.Gosched()
	}
	r.wantTold(r.peek("dead", PeekOptions{}), "job visible 1")
	r.clock.Advance(11 * time.Second)
	r.wantTold(r.peek("dead", PeekOptions{}), "")
}

func TestWrongPeeks(t *testing.T) {
	r := newRig(t)
	r.create("orders", nil)
	for _, o := range []PeekOptions{{State: "seen"}, {State: Any, After: "orders"}, {State: Any, After: "1-18446744073709551615"}, {State: Any, After: "y-1"}} {
		var wrong *InspectError
		if _, err := r.Peek(context.Background(), r.found("orders"), o); !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, name := range []string{"orders", "http://localhost:4566/000000000000/orders", "arn:aws:sqs:us-east-1:000000000000:orders", "https://sqs.us-east-1.amazonaws.com/000000000000/orders"} {
		if q := r.found(name); q.ARN() != "arn:aws:sqs:us-east-1:000000000000:orders" {
			t.Errorf("%s is %s", name, q.ARN())
		}
	}
	for name, want := range map[string]string{
		"ordres":    "did you mean orders?",
		"shipments": "there are orders",
		"arn:aws:sqs:eu-west-1:000000000000:orders": "there is one in region us-east-1",
		"arn:aws:s3:::orders":                       "names no queue",
		"http://localhost/x":                        "names no queue",
	} {
		if _, err := r.FindQueue(context.Background(), "000000000000", "us-east-1", name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// peeks compares what a look at the queue shows with the model.
func (md *model) peeks() {
	shown := map[string]StoredMessage{}
	for after := ""; ; {
		p := md.r.peek(md.name, PeekOptions{After: after, Limit: 1 + md.rng.IntN(20)})
		for _, m := range p.Messages {
			if _, again := shown[m.Body]; again {
				md.fail("peek shows %s twice", m.Body)
			}
			shown[m.Body] = m
		}
		if after = p.Next; after == "" {
			break
		}
	}
	if len(shown) != len(md.there) {
		md.fail("peek shows %d messages, there are %d", len(shown), len(md.there))
	}
	could := md.deliverable()
	for _, m := range md.there {
		want := Visible
		switch {
		case !m.visible.After(md.now()):
		case m.receives > 0:
			want = InFlight
		default:
			want = Delayed
		}
		got := shown[m.body]
		if got.State != want || got.Attributes["ApproximateReceiveCount"] != strconv.Itoa(m.receives) || got.Attributes["MessageGroupId"] != m.group ||
			got.Blocked != (want == Visible && !slices.Contains(could, m)) {
			md.fail("peek shows %+v; it is %s, %+v", got, want, *m)
		}
	}
	for _, state := range []State{Visible, InFlight, Delayed} {
		n := 0
		for _, m := range shown {
			if m.State == state {
				n++
			}
		}
		if p := md.r.peek(md.name, PeekOptions{State: state, Limit: peekLimit}); len(p.Messages) != n {
			md.fail("%d messages are %s, %d of all that are shown", len(p.Messages), state, n)
		}
	}
}
