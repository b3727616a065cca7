package sqs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// ledger is what clients were told of messages, by their bodies.
type ledger struct {
	sent    map[string]bool // true: acknowledged; else it may be there
	deleted map[string]bool // likewise
}

// TestFailuresInTheMiddle lets commits fail, with and without effect, and the
// partition go to another owner and back, among sends, receives and deletions:
// what was acknowledged holds, and what was not happened or did not.
func TestFailuresInTheMiddle(t *testing.T) {
	for _, queue := range []string{"s", "s.fifo"} {
		for seed := range uint64(10) {
			t.Run(fmt.Sprint(queue, " ", seed), func(t *testing.T) { failInTheMiddle(t, queue, rand.New(rand.NewPCG(seed, 1))) })
		}
	}
}

func failInTheMiddle(t *testing.T, queue string, random *rand.Rand) {
	r := newRig(t)
	url := r.create(queue, typeOf(queue))
	partition := testKey(queue).partition()
	l := ledger{map[string]bool{}, map[string]bool{}}
	lost := false
	for i := range 400 {
		switch random.IntN(10) {
		case 0:
			r.store.FailCommits(store.ErrUnknownOutcome, random.IntN(3), memstore.Fate(random.IntN(2)))
		case 1:
			if lost = !lost; lost {
				r.store.Lose(partition, memstore.Fate(random.IntN(2)))
			} else {
				r.store.Regain(partition)
			}
		case 2:
			r.clock.Advance(10 * time.Second)
		case 3, 4, 5, 6:
			body := fmt.Sprint(i)
			in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some(body)}
			if suffix(url) != "" {
				in.MessageGroupId, in.MessageDeduplicationId = api.Some(fmt.Sprint(random.IntN(3))), api.Some(body)
			}
			err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult))
			if !errors.Is(err, store.ErrNotOwner) {
				l.sent[body] = err == nil
			}
		default:
			var out sqsapi.ReceiveMessageResult
			in := &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some(1 + random.Int32N(10))}
			if err := r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), in, &out); err != nil {
				continue
			}
			for _, m := range out.Messages {
				l.wantKnown(t, m.Body.V)
				if random.IntN(2) == 0 {
					continue
				}
				if err := r.delete(url, m); !errors.Is(err, store.ErrNotOwner) {
					l.deleted[m.Body.V] = err == nil
				}
			}
		}
	}
	r.store.FailCommits(nil, 0, memstore.Dropped)
	r.store.Regain(partition)
	r.restart()
	r.clock.Advance(time.Hour)
	left := map[string]bool{}
	for _, body := range r.drain(url) {
		l.wantKnown(t, body)
		if left[body] {
			t.Errorf("%s is there twice", body)
		}
		left[body] = true
	}
	for body, acknowledged := range l.sent {
		if _, tried := l.deleted[body]; acknowledged && !tried && !left[body] {
			t.Errorf("%s was acknowledged, and is lost", body)
		}
	}
	r.wantCounts(queue, 0, 0, 0)
	if len(l.sent) < 20 || len(l.deleted) < 5 {
		t.Errorf("only %d sends and %d deletions came about", len(l.sent), len(l.deleted))
	}
}

// wantKnown checks that a message which is there was sent, and was not deleted.
func (l *ledger) wantKnown(t *testing.T, body string) {
	t.Helper()
	if _, ok := l.sent[body]; !ok {
		t.Errorf("%s was never sent, and is there", body)
	}
	if l.deleted[body] {
		t.Errorf("%s was deleted, and is there", body)
	}
}
