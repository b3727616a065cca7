package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
	"github.com/millrace/millrace/internal/store/row"
)

func arnOf(name string) string { return testKey(name).arn() }

func testKey(name string) queueKey { return queueKey{"000000000000", "us-east-1", name} }

// redrive is a redrive policy.
func redrive(target string, receives int) map[string]string {
	return map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arnOf(target), receives)}
}

// idle reports whether nothing is being moved.
func (r *rig) idle() bool {
	r.mover.mu.Lock()
	defer r.mover.mu.Unlock()
	return len(r.mover.errands) == 0
}

// untilMoved waits until nothing is being moved.
func (r *rig) untilMoved() {
	for !r.idle() {
		runtime.Gosched()
	}
}

// rows counts the rows of a queue under a prefix.
func (r *rig) rows(name, prefix string) (n int) {
	r.t.Helper()
	err := r.store.Partition(testKey(name).partition()).View(context.Background(), func(rd store.Reader) error {
		n = 0
		for _, err := range rd.Scan([]byte(prefix), row.End([]byte(prefix))) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// wantRows checks that a queue has as many rows of messages, and none of moves.
func (r *rig) wantRows(name string, messages int) {
	r.t.Helper()
	if n := r.rows(name, "m/"); n != messages {
		r.t.Errorf("%s stores %d messages, want %d", name, n, messages)
	}
	for _, prefix := range []string{"o/", "i/"} {
		if n := r.rows(name, prefix); n != 0 {
			r.t.Errorf("%s has %d rows %s left over", name, n, prefix)
		}
	}
}

// die receives everything in a queue as often as it takes to be dead.
func (r *rig) die(url string, receives int) {
	r.t.Helper()
	for range receives {
		for len(r.receive(url, 10)) > 0 {
		}
		r.clock.Advance(30 * time.Second)
	}
	r.wantBodies(r.receive(url, 10), "")
	r.untilMoved()
}

func TestDeadLetter(t *testing.T) {
	r := newRig(t)
	r.create("dead", nil)
	url := r.create("orders", redrive("dead", 2))
	sent := r.send(url, "poison", "tenant", "")
	r.send(url, "more", "", "")
	r.die(url, 2)
	r.wantCounts("orders", 0, 0, 0)
	r.wantCounts("dead", 2, 0, 0)
	r.wantRows("orders", 0)
	r.wantRows("dead", 2)
	got := r.receive(urlPrefix+"dead", 10)
	r.wantBodies(got, "poison more ")
	a := got[0].Attributes
	if got[0].MessageId != sent.MessageId || a["ApproximateReceiveCount"] != "3" || a["DeadLetterQueueSourceArn"] != arnOf("orders") ||
		a["SentTimestamp"] != strconv.FormatInt(epoch.UnixMilli(), 10) || a["ApproximateFirstReceiveTimestamp"] != a["SentTimestamp"] || a["MessageGroupId"] != "tenant" {
		t.Errorf("the dead letter %s has %v", got[0].MessageId.V, a)
	}
	if err := r.delete(urlPrefix+"dead", got[0]); err != nil {
		t.Fatal(err)
	}
	r.wantCounts("dead", 0, 1, 0)
}

func TestDeadLettersOfDeadLetters(t *testing.T) {
	r := newRig(t)
	r.create("last", nil)
	r.create("dead", redrive("last", 1))
	url := r.create("orders", redrive("dead", 1))
	sent := r.send(url, "poison", "", "")
	r.die(url, 1)
	r.die(urlPrefix+"dead", 1)
	got := r.receive(urlPrefix+"last", 10)
	if len(got) != 1 || got[0].MessageId != sent.MessageId || got[0].Attributes["ApproximateReceiveCount"] != "3" || got[0].Attributes["DeadLetterQueueSourceArn"] != arnOf("dead") {
		t.Errorf("at the end of the chain: %+v", got)
	}
	r.wantRows("orders", 0)
	r.wantRows("dead", 0)
}

func TestDeadLetterOfFIFO(t *testing.T) {
	r := newRig(t)
	fifo := map[string]string{"FifoQueue": "true"}
	r.create("dead.fifo", fifo)
	attributes := redrive("dead.fifo", 1)
	attributes["FifoQueue"] = "true"
	url := r.create("orders.fifo", attributes)
	// Deduplication in the target must not swallow it.
	r.send(urlPrefix+"dead.fifo", "other", "g", "1")
	sent := r.send(url, "poison", "g", "1")
	r.wantBodies(r.receive(url, 1), "poison ")
	r.send(url, "next", "g", "2")
	r.clock.Advance(30 * time.Second)
	r.wantBodies(r.receive(url, 1), "next ") // its head is dead: the group goes on
	r.untilMoved()
	r.wantRows("orders.fifo", 1)
	r.wantCounts("dead.fifo", 2, 0, 0)
	got := r.receive(urlPrefix+"dead.fifo", 10)
	r.wantBodies(got, "other poison ")
	if a := got[1].Attributes; a["MessageDeduplicationId"] != sent.MessageId.V || a["ApproximateReceiveCount"] != "2" ||
		a["SentTimestamp"] != strconv.FormatInt(r.clock.Now().UnixMilli(), 10) {
		t.Errorf("the dead letter has %v", a)
	}
}

// TestDeadLetterKeepsItsAge: the retention of a dead letter began in its first
// queue.
func TestDeadLetterKeepsItsAge(t *testing.T) {
	for _, delivered := range []bool{false, true} {
		r := newRig(t)
		r.create("dead", map[string]string{"MessageRetentionPeriod": "600"})
		url := r.create("orders", redrive("dead", 1))
		r.send(url, "poison", "", "")
		r.clock.Advance(5 * time.Minute)
		r.die(url, 1)
		r.send(urlPrefix+"dead", "younger", "", "")
		if delivered {
			r.wantBodies(r.receive(urlPrefix+"dead", 1), "poison ")
		}
		r.restart()
		r.clock.Advance(4 * time.Minute)
		if got := r.receive(urlPrefix+"dead", 10, func(in *sqsapi.ReceiveMessageRequest) { in.VisibilityTimeout = api.Some[int32](0) }); len(got) != 2 {
			t.Errorf("after 9:30 minutes the queue has %q", bodies(got))
		}
		r.clock.Advance(time.Minute)
		if err := r.queue(testKey("dead")).expire(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.wantBodies(r.receive(urlPrefix+"dead", 10), "younger ")
		r.wantRows("dead", 1)
	}
}

// TestDeadLetterWithoutQueue: messages stay while their dead-letter queue is gone.
func TestDeadLetterWithoutQueue(t *testing.T) {
	for _, suffix := range []string{"", ".fifo"} {
		r := newRig(t)
		attributes := redrive("dead"+suffix, 1)
		var fifo map[string]string
		if suffix != "" {
			fifo = map[string]string{"FifoQueue": "true"}
			attributes["FifoQueue"] = "true"
		}
		r.create("dead"+suffix, fifo)
		url := r.create("orders"+suffix, attributes)
		in := &sqsapi.SendMessageRequest{QueueUrl: api.Some(url), MessageBody: api.Some("poison"), MessageGroupId: api.Some("g")}
		if suffix != "" {
			in.MessageDeduplicationId = api.Some("1")
		}
		if err := r.SendMessage(r.ctx(sqsapi.OpSendMessage), in, new(sqsapi.SendMessageResult)); err != nil {
			t.Fatal(err)
		}
		old := r.receive(url, 1)
		r.clock.Advance(30 * time.Second)
		// The target goes between the receive that finds it and the move.
		r.store.Hold()
		got := make(chan []sqsapi.Message)
		go func() { got <- r.receive(url, 1) }()
		if err := r.store.AwaitInFlight(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		gone := make(chan error)
		go func() {
			gone <- r.DeleteQueue(r.ctx(sqsapi.OpDeleteQueue), &sqsapi.DeleteQueueRequest{QueueUrl: api.Some(urlPrefix + "dead" + suffix)})
		}()
		if err := r.store.AwaitInFlight(context.Background(), 2); err != nil {
			t.Fatal(err)
		}
		r.mover.mu.Lock() // it starts once the queue is gone
		r.store.Release()
		if err := <-gone; err != nil {
			t.Fatal(err)
		}
		r.mover.mu.Unlock()
		r.wantBodies(<-got, "")
		r.untilMoved()
		r.wantCounts("orders"+suffix, 1, 0, 0)
		r.wantRows("orders"+suffix, 1)
		for i := range 3 {
			again := r.receive(url, 1)
			if len(again) != 1 || again[0].Attributes["ApproximateReceiveCount"] != strconv.Itoa(i+2) {
				t.Fatalf("received %+v", again)
			}
			if err := r.delete(url, old[0]); suffix == "" && err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(30 * time.Second)
		}
		r.untilMoved()
		r.wantCounts("orders"+suffix, 1, 0, 0)
		last := r.receive(url, 1)
		r.wantBodies(last, "poison ")
		if err := r.delete(url, last[0]); err != nil {
			t.Fatal(err)
		}
		r.wantRows("orders"+suffix, 0)
	}
}

// TestDeadLettersKilledAtEachCommit cuts the move of dead letters off after each
// of its commits, with those in flight lost or kept.
func TestDeadLettersKilledAtEachCommit(t *testing.T) {
	cutAtEachCommit(t, 4, deadAfter)
}

// cutAtEachCommit calls after, which cuts something off after so many commits, with
// more and more until it says that it ended. That takes at least so many.
func cutAtEachCommit(t *testing.T, least int, after func(t *testing.T, suffix string, kept, commits int) (ended bool)) {
	for _, suffix := range []string{"", ".fifo"} {
		for _, kept := range []int{0, 50, 100} {
			for commits := 0; ; commits++ {
				ended := false
				t.Run("", func(t *testing.T) { ended = after(t, suffix, kept, commits) })
				if ended {
					if commits < least {
						t.Errorf("the move ended after %d commits: the test does not cut it off", commits)
					}
					break
				}
			}
		}
	}
}

func deadAfter(t *testing.T, suffix string, kept, commits int) (ended bool) {
	r := newRig(t)
	attributes := redrive("dead"+suffix, 1)
	var fifo map[string]string
	dedup := ""
	if suffix != "" {
		fifo = map[string]string{"FifoQueue": "true"}
		attributes["FifoQueue"] = "true"
		dedup = "d"
	}
	r.create("dead"+suffix, fifo)
	url := r.create("orders"+suffix, attributes)
	for i := range 5 {
		r.send(url, strconv.Itoa(i), "g", dedup+strings.Repeat(strconv.Itoa(i), len(dedup)))
	}
	r.receive(url, 10)
	r.clock.Advance(30 * time.Second)
	r.untilMoved()
	crashed, ended, err := r.store.Cut(t.Context(), commits, kept, rand.New(rand.NewPCG(uint64(commits), uint64(kept))), func(ctx context.Context) error {
		var out sqsapi.ReceiveMessageResult
		_ = r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some[int32](10)}, &out)
		for !r.idle() && ctx.Err() == nil {
			runtime.Gosched()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := &rig{t: t, store: crashed, clock: r.clock}
	t.Cleanup(func() { _ = crashed.Close() })
	after.start()
	for after.rows("orders"+suffix, "o/")+after.rows("dead"+suffix, "i/") > 0 {
		runtime.Gosched()
	}
	after.untilMoved()
	after.wantBodies(after.receive(url, 10), "") // buries them, where that was lost
	after.untilMoved()
	got := after.receive(urlPrefix+"dead"+suffix, 10)
	var all []string
	for _, m := range got {
		all = append(all, m.Body.V)
	}
	if suffix == "" {
		slices.Sort(all)
	}
	if fmt.Sprint(all) != "[0 1 2 3 4]" {
		t.Errorf("after %d commits, %d%% of the next kept: the dead-letter queue has %v", commits, kept, all)
	}
	after.wantRows("orders"+suffix, 0)
	after.wantRows("dead"+suffix, 5)
	after.wantCounts("orders"+suffix, 0, 0, 0)
	after.wantCounts("dead"+suffix, 0, 5, 0)
	return ended
}

// TestMoveOverFailures lets commits of a move fail, with and without effect.
func TestMoveOverFailures(t *testing.T) {
	for _, fate := range []memstore.Fate{memstore.Dropped, memstore.Applied} {
		for commits := range 4 {
			r := newRig(t)
			r.create("dead", nil)
			url := r.create("orders", redrive("dead", 1))
			for i := range 5 {
				r.send(url, strconv.Itoa(i), "", "")
			}
			r.receive(url, 10)
			r.clock.Advance(30 * time.Second)
			r.untilMoved()
			r.store.Hold()
			r.store.Step(commits)
			over := make(chan bool)
			go func() {
				var out sqsapi.ReceiveMessageResult
				_ = r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url)}, &out)
				over <- true
			}()
			if err := r.store.AwaitInFlight(context.Background(), 1); err != nil {
				t.Fatal(err)
			}
			err := errors.New("a disk that fails")
			if fate == memstore.Applied {
				err = store.ErrUnknownOutcome
			}
			r.store.FailCommits(err, 1, fate)
			r.store.Release()
			<-over
			for !r.idle() {
				r.clock.Advance(10 * time.Millisecond)
				runtime.Gosched()
			}
			r.wantBodies(r.receive(url, 10), "")
			r.untilMoved()
			if n := len(r.receive(urlPrefix+"dead", 10)); n != 5 {
				t.Errorf("commit %d failed: %d dead letters", commits, n)
			}
			r.wantRows("orders", 0)
			r.wantRows("dead", 5)
		}
	}
}

// TestPurgeOfDeadLetters: what is purged while it leaves does not come back.
func TestPurgeOfDeadLetters(t *testing.T) {
	r := newRig(t)
	r.create("dead", nil)
	url := r.create("orders", redrive("dead", 1))
	r.send(url, "poison", "", "")
	r.receive(url, 10)
	r.clock.Advance(30 * time.Second)
	r.untilMoved()
	err := r.update(context.Background(), testKey("orders"), func(tx store.Tx, q *queue, m *memory) error {
		a := asked{max: 10}
		rc, err := q.receiving(context.Background(), tx, m, &a)
		if err != nil {
			return err
		}
		if err := m.order.receive(tx, rc); err != nil {
			return err
		}
		m.order.clear(tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.wantRows("dead", 0)
	r.mover.kick(testKey("orders"))
	r.untilMoved()
	r.wantRows("orders", 0)
	r.wantCounts("orders", 0, 0, 0)
	r.wantRows("dead", 0)
}
