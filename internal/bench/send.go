package bench

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// sender sends messages to a queue. Those for a standard queue are made and
// signed beforehand; in a FIFO queue each needs an id of its own, which is
// written into a request that was made beforehand.
type sender struct {
	o        *Options
	name     string // of the operation
	random   *rand.ChaCha8
	requests []*request
	places   []places // FIFO: of each request
	next     int
	run      int64 // makes the ids of this sender its own
	sent     int64 // FIFO: messages so far
}

// places are where the ids and the groups of a body's messages lie.
type places struct{ ids, groups []int }

// Widths of what is written into a body: a message's id is the sender's and its
// number in it.
const (
	runWidth    = 16
	numberWidth = 12
	groupWidth  = 8
)

func newSender(o *Options, i int) *sender {
	s := &sender{o: o, name: "SendMessageBatch", random: newRandom(uint64(i)), run: time.Now().UnixNano()<<8 | int64(i&0xff)}
	// Senders begin with different groups.
	s.sent = int64(i) * int64(o.Groups) / int64(o.Connections)
	if o.Operation == SendMessage {
		s.name = "SendMessage"
	}
	for range o.variants(int(o.per())) {
		s.add(int(o.per()))
	}
	return s
}

// add makes one more request of n messages.
func (s *sender) add(n int) {
	body, at := s.body(n)
	s.requests, s.places = append(s.requests, newQueueRequest(s.name, body)), append(s.places, at)
}

// request returns the next request, of n messages.
func (s *sender) request(n int) *request {
	if n != int(s.o.per()) {
		body, at := s.body(n)
		r := newQueueRequest(s.name, body)
		s.number(r, at)
		return r
	}
	i := s.next
	s.next = (s.next + 1) % len(s.requests)
	r := s.requests[i]
	s.number(r, s.places[i])
	return r
}

// number gives the messages of a request for a FIFO queue new ids.
func (s *sender) number(r *request, at places) {
	if s.o.Groups == 0 {
		return
	}
	for i, id := range at.ids {
		digits(r.body[id:id+runWidth], s.run)
		digits(r.body[id+runWidth:id+runWidth+numberWidth], s.sent)
		digits(r.body[at.groups[i]:at.groups[i]+groupWidth], int64(s.o.FirstGroup)+s.sent%int64(s.o.Groups))
		s.sent++
	}
	r.renew()
}

// digits writes the last digits of n over b.
func digits(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

func (s *sender) body(n int) (out []byte, at places) {
	out = append(out, `{"QueueUrl":`+strconv.Quote(s.o.Queue.ID)...)
	if s.o.Operation == SendMessage {
		return append(s.message(append(out, ','), &at), '}'), at
	}
	out = append(out, `,"Entries":[`...)
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(s.message(append(out, `{"Id":"`+strconv.Itoa(i)+`",`...), &at), '}')
	}
	return append(out, "]}"...), at
}

// message appends the members of one message.
func (s *sender) message(out []byte, at *places) []byte {
	data := make([]byte, base64.RawURLEncoding.DecodedLen(s.o.Size)+1)
	_, _ = s.random.Read(data) // never fails
	out = append(out, `"MessageBody":"`...)
	out = append(append(out, base64.RawURLEncoding.EncodeToString(data)[:s.o.Size]...), '"')
	if s.o.Groups == 0 {
		return out
	}
	out = append(out, `,"MessageGroupId":"`...)
	at.groups = append(at.groups, len(out))
	out = append(append(out, make([]byte, groupWidth)...), `","MessageDeduplicationId":"`...)
	at.ids = append(at.ids, len(out))
	return append(append(out, make([]byte, runWidth+numberWidth)...), '"')
}

// send sends n messages.
func (s *sender) send(c *caller, n int) error {
	r := s.request(n)
	answer, err := c.call(r)
	if err == nil && anyFailed(answer) {
		err = fmt.Errorf("%s: not every message was sent: %.300q", r.operation, answer)
	}
	return err
}

// sendWorker only sends.
type sendWorker struct {
	caller
	sender *sender
}

func newSendWorker(o *Options, i int) (worker, error) {
	c, err := newCaller(&o.Queue.Target)
	return &sendWorker{c, newSender(o, i)}, err
}

func (w *sendWorker) step() (done, error) {
	n := w.sender.o.per()
	if err := w.sender.send(&w.caller, int(n)); err != nil {
		return done{}, err
	}
	return done{records: n, bytes: n * int64(w.sender.o.Size)}, nil
}
