package sqs

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

func TestDepths(t *testing.T) {
	r := newRig(t)
	depths := func() map[string]Depth {
		m := map[string]Depth{}
		r.Depths(func(d Depth) { m[d.Queue] = d })
		return m
	}
	check := func(name string, visible, inFlight, delayed int64, oldest time.Duration) {
		t.Helper()
		want := Depth{"000000000000", "us-east-1", name, visible, inFlight, delayed, oldest, 0}
		if got := depths()[name]; got != want {
			t.Errorf("the depth of %s is %+v, want %+v", name, got, want)
		}
	}
	plain, fifo := r.create("plain", nil), r.create("ordered.fifo", map[string]string{"FifoQueue": "true"})
	r.send(plain, "0", "", "")
	r.send(fifo, "0", "g", "0")
	r.clock.Advance(10 * time.Second)
	r.send(plain, "1", "", "")
	r.send(plain, "2", "tenant", "")
	r.send(fifo, "1", "h", "1")
	in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(plain), MessageBody: api.Some("later"), DelaySeconds: api.Some[int32](60)}
	if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult)); err != nil {
		t.Fatal(err)
	}
	check("plain", 3, 0, 1, 10*time.Second)
	check("ordered.fifo", 2, 0, 0, 10*time.Second)
	held, lane := r.receive(plain, 1), r.receive(fifo, 1)
	check("plain", 2, 1, 1, 10*time.Second)
	check("ordered.fifo", 1, 1, 0, 10*time.Second)
	for url, m := range map[string]sqsapi.Message{plain: held[0], fifo: lane[0]} {
		if err := r.delete(url, m); err != nil {
			t.Fatal(err)
		}
	}
	check("plain", 2, 0, 1, 0)
	check("ordered.fifo", 1, 0, 0, 0)
	r.clock.Advance(5 * time.Second)
	for _, m := range r.receive(plain, 10) {
		if err := r.delete(plain, m); err != nil {
			t.Fatal(err)
		}
	}
	check("plain", 0, 0, 1, 5*time.Second) // the delayed one
}
