package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
)

// sender sends to one queue, one call after another, and notes what became of
// each message. It is used by one goroutine at a time.
type sender struct {
	q       *queue
	id      uint32
	maxSize int  // of a message, bytes
	even    bool // three messages a call, none of them delayed, repeated or large
	rnd     *rand.Rand
	n       uint64
	sends   []queues.Send
	// again are the messages of the last call to a FIFO queue, where that has no
	// answer: they are sent again under their deduplication ids.
	again []outgoing
}

// outgoing is a message with what is noted of it.
type outgoing struct {
	send queues.Send
	body *string
}

func newSender(q *queue, id uint32) *sender {
	return &sender{q: q, id: id, maxSize: 600, rnd: rand.New(rand.NewPCG(*crashSeed, uint64(id)))}
}

// next makes a message.
func (s *sender) next() outgoing {
	m := outgoing{send: queues.Send{ID: history.ID{Writer: s.id, N: s.n}, Delay: s.q.delay}}
	s.n++
	size := s.rnd.IntN(s.maxSize)
	if !s.even && s.rnd.IntN(300) == 0 {
		size = 60 << 10
	}
	m.body = body(m.send.ID, size)
	switch {
	case s.q.fifo():
		m.send.Group, m.send.Dedup = fmt.Sprint("g", s.rnd.IntN(12)), fmt.Sprintf("%d-%d", s.id, m.send.N)
		if k := len(s.sends); !s.even && k > 0 && s.rnd.IntN(20) == 0 {
			// Another message under the id of one that was sent a moment ago.
			if earlier := s.sends[k-1-s.rnd.IntN(min(k, 100))]; time.Since(epoch)-earlier.Began < 4*time.Minute {
				m.send.Group, m.send.Dedup = earlier.Group, earlier.Dedup
			}
		}
	default:
		if s.rnd.IntN(4) == 0 {
			m.send.Group = fmt.Sprint("tenant", s.rnd.IntN(3))
		}
		if !s.even && s.rnd.IntN(12) == 0 {
			m.send.Delay = time.Second
		}
	}
	return m
}

// size is how many messages a call has: one, as often as not.
func (s *sender) size() int {
	if s.even {
		return 3
	}
	return max(1, s.rnd.IntN(20)-9)
}

// send makes one call. The error is of the connection: the outcome is unknown.
func (s *sender) send(ctx context.Context, c *sqs.Client) error {
	out := s.again
	for n := s.size(); len(s.again) == 0 && len(out) < n; {
		out = append(out, s.next())
	}
	s.again = nil
	call := begin()
	ids, sequences, err := s.call(ctx, c, out)
	end(&call, err)
	for i := range out {
		m := &out[i].send
		if m.Call = call; err == nil && ids[i] == "" {
			m.Outcome = history.Refused
		}
		noted := *m
		if err == nil {
			noted.MessageID, noted.Sequence = ids[i], sequences[i]
		}
		s.sends = append(s.sends, noted)
	}
	if call.Outcome == history.Refused {
		return nil
	}
	if err != nil && s.q.fifo() {
		s.again = out
	}
	return err
}

// call sends messages and returns their ids and sequence numbers, "" for what
// was refused.
func (s *sender) call(ctx context.Context, c *sqs.Client, out []outgoing) (ids, sequences []string, err error) {
	ids, sequences = make([]string, len(out)), make([]string, len(out))
	if len(out) == 1 {
		m := out[0]
		in := &sqs.SendMessageInput{QueueUrl: &s.q.url, MessageBody: m.body, MessageGroupId: text(m.send.Group), MessageDeduplicationId: text(m.send.Dedup), DelaySeconds: s.delay(m)}
		got, err := c.SendMessage(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		ids[0], sequences[0] = *got.MessageId, aws.ToString(got.SequenceNumber)
		return ids, sequences, nil
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: &s.q.url}
	for i, m := range out {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: m.body, MessageGroupId: text(m.send.Group), MessageDeduplicationId: text(m.send.Dedup), DelaySeconds: s.delay(m),
		})
	}
	got, err := c.SendMessageBatch(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range got.Successful {
		i, err := strconv.Atoi(*e.Id)
		if err != nil {
			return nil, nil, err
		}
		ids[i], sequences[i] = *e.MessageId, aws.ToString(e.SequenceNumber)
	}
	return ids, sequences, nil
}

// delay is what the call says of it, which only standard queues take.
func (s *sender) delay(m outgoing) int32 {
	if s.q.fifo() {
		return 0
	}
	return int32(m.send.Delay / time.Second)
}

// text is a string of a request, nil where it is empty.
func text(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// run sends until ctx ends or the connection breaks.
func (s *sender) run(ctx context.Context, c *sqs.Client) error {
	for ctx.Err() == nil {
		if err := s.send(ctx, c); err != nil {
			return err
		}
		pause(ctx, time.Duration(s.rnd.IntN(30))*time.Millisecond)
	}
	return nil
}

// flush sends what has no answer until it has one.
func (s *sender) flush(ctx context.Context, c *sqs.Client) error {
	if len(s.again) == 0 {
		return nil
	}
	return s.send(ctx, c)
}
