package crash

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/millrace/millrace/test/crash/history"
)

// clockQueue starts a server with a queue. It takes any signature, since clients
// sign by the machine's clock.
func clockQueue(t *testing.T, q *queue) (*site, *server) {
	site := newSite(t, "--min-free=0", "--queue-cooldown=0s", "--auth=open")
	srv := site.start()
	if err := q.create(t.Context(), srv.queues(q.region)); err != nil {
		t.Fatal(err)
	}
	return site, srv
}

func (q *queue) mustSend(t *testing.T, srv *server) {
	t.Helper()
	if err := q.senders[0].send(t.Context(), srv.queues(q.region)); err != nil {
		t.Fatal(err)
	}
	if s := q.senders[0].sends; s[len(s)-1].Outcome != history.Acknowledged {
		t.Fatalf("a send was %s", s[len(s)-1].Outcome)
	}
}

// mustReceive receives for so many seconds, and returns the handles.
func (q *queue) mustReceive(t *testing.T, srv *server, seconds int32) (handles []string) {
	t.Helper()
	got, err := q.consumers[0].receive(t.Context(), srv.queues(q.region), &sqs.ReceiveMessageInput{MaxNumberOfMessages: 10, VisibilityTimeout: seconds})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got {
		handles = append(handles, m.Handle)
	}
	return handles
}

// comes waits until something can be received, which must take no longer than
// limit. That nothing comes too early is the history's.
func (q *queue) comes(t *testing.T, srv *server, limit time.Duration, what string) {
	t.Helper()
	await(t, limit, what, func() bool { return len(q.mustReceive(t, srv, 1)) > 0 })
}

// TestLeasesUnderAMovedClock moves the clock back and forth under leases and
// delays: none of them gets longer by that, and what has come due stays so.
func TestLeasesUnderAMovedClock(t *testing.T) {
	for _, name := range []string{"q", "q.fifo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(name, region).used(1, 1, 1)
			q.attributes["DelaySeconds"] = "1"
			if q.fifo() {
				q.delay = time.Second
			}
			site, srv := clockQueue(t, q)
			for _, back := range []time.Duration{time.Hour, 30 * time.Hour} {
				q.mustSend(t, srv)
				srv.moveClock(-back)
				q.comes(t, srv, 4*time.Second, "a delayed message, after the clock went back")
				srv.moveClock(-back)
				q.comes(t, srv, 4*time.Second, "a leased message, after the clock went back")
				pause(t.Context(), 1100*time.Millisecond)
				srv.moveClock(-back)
				if len(q.mustReceive(t, srv, 1)) == 0 {
					t.Error("what had come due is gone after the clock went back")
				}
			}
			// The next server has the machine's clock, which is ahead of that one.
			srv.Kill()
			srv = site.start()
			q.comes(t, srv, 4*time.Second, "a leased message, after a restart")
			if err := q.drain(t.Context(), srv.queues(region)); err != nil {
				t.Fatal(err)
			}
			q.check(t, true)
		})
	}
}

// TestLeasesAfterTheClockWentAhead: a server that is started with a clock that
// was set back since gives back what was leased, and gives leases of their length.
func TestLeasesAfterTheClockWentAhead(t *testing.T) {
	for _, name := range []string{"q", "q.fifo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(name, region).used(1, 1, 1)
			site, srv := clockQueue(t, q)
			srv.moveClock(time.Hour)
			q.mustSend(t, srv)
			q.comes(t, srv, 2*time.Second, "a message")
			srv.moveClock(-time.Hour)
			q.comes(t, srv, 4*time.Second, "a leased message, after the clock went ahead and back")
			srv.stop()
			srv = site.start()
			// The time is stored every ten seconds.
			q.comes(t, srv, 14*time.Second, "a leased message, after a restart with a clock an hour behind")
			q.comes(t, srv, 4*time.Second, "the same message")
			if err := q.drain(t.Context(), srv.queues(region)); err != nil {
				t.Fatal(err)
			}
			q.check(t, true)
		})
	}
}

// TestRetentionUnderAClockAhead: messages expire by the clock, but for one that
// has jumped ahead, until a person says that it is right.
func TestRetentionUnderAClockAhead(t *testing.T) {
	for _, name := range []string{"q", "q.fifo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(name, region).used(1, 1, 1)
			q.attributes["MessageRetentionPeriod"] = "60"
			_, srv := clockQueue(t, q)
			gone := func() bool {
				n, err := q.depth(t.Context(), srv.queues(region))
				if err != nil {
					t.Fatal(err)
				}
				return n == 0
			}
			q.mustSend(t, srv)
			srv.moveClock(2 * time.Minute)
			if len(q.mustReceive(t, srv, 1)) != 0 {
				t.Error("a message was received after its retention")
			}
			await(t, 15*time.Second, "an expired message goes", gone)

			q.mustSend(t, srv)
			srv.moveClock(2 * time.Hour)
			await(t, 15*time.Second, "health tells of the jump", func() bool {
				if gone() {
					t.Fatal("a jump of the clock took messages with it")
				}
				srv.moveClock(time.Second) // time passes: the jump is seen
				return srv.jumped()
			})
			if len(q.mustReceive(t, srv, 1)) == 0 {
				t.Error("nothing was received after the clock had jumped ahead")
			}
			srv.acceptClock()
			await(t, 15*time.Second, "an expired message goes once the clock is accepted", func() bool {
				srv.letTrim()
				return gone()
			})
		})
	}
}

// TestDeduplicationUnderAMovedClock: the window of a deduplication id is five
// minutes of time that passes, whatever the clock says.
func TestDeduplicationUnderAMovedClock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	q := newQueue("q.fifo", region)
	site, srv := clockQueue(t, q)
	send := func() string {
		out, err := srv.queues(region).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("d")})
		if err != nil {
			t.Fatal(err)
		}
		return *out.MessageId
	}
	first := send()
	for _, move := range []time.Duration{-10 * time.Minute, 9 * time.Minute, -time.Hour, time.Hour, 4 * time.Minute, -4 * time.Minute} {
		srv.moveClock(move)
		if id := send(); id != first {
			t.Fatalf("a repeat was accepted after the clock moved by %v", move)
		}
	}
	srv.Kill()
	srv = site.start()
	if send() != first {
		t.Error("a repeat was accepted after a restart")
	}
	srv.moveClock(6 * time.Minute)
	second := send()
	if second == first {
		t.Error("a message was taken for a repeat after the window")
	}
	srv.moveClock(-6 * time.Minute)
	if send() != second {
		t.Error("a repeat was accepted after the clock went back")
	}
}

// TestPolledReceivesUnderAMovedClock: a receive that waits gets what comes due,
// though the clock goes back while it waits.
func TestPolledReceivesUnderAMovedClock(t *testing.T) {
	t.Parallel()
	q := newQueue("q", region).used(1, 1, 1)
	_, srv := clockQueue(t, q)
	q.mustSend(t, srv)
	q.comes(t, srv, 3*time.Second, "a message")
	got := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		for {
			ms, err := q.consumers[0].receive(ctx, srv.queues(region), &sqs.ReceiveMessageInput{WaitTimeSeconds: 10})
			if err != nil || len(ms) > 0 {
				got <- err
				return
			}
		}
	}()
	srv.moveClock(-time.Hour)
	began := time.Now()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("a lease of a second ended after %v", took)
	}
	q.check(t, false)
}
