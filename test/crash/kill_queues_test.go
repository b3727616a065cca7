package crash

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
)

// killingQueues is one run of TestKillQueues.
type killingQueues struct {
	killer
	queues []*queue // those with senders
	purged *queue
	// encrypted are those whose encryption is turned on and off.
	encrypted []*queue
	lives     []*queueLives
}

const otherRegion = "eu-central-1"

// TestKillQueues kills a server with queues under load, at random moments, at
// fault points and while it starts, and holds what it delivers against what its
// clients were told.
func TestKillQueues(t *testing.T) {
	t.Logf("-crash.seed=%d", *crashSeed)
	k := &killingQueues{killer: newKiller(t, points(t, "sqs."), 9, "--queue-cooldown=0s")}
	plain, far := newQueue("plain", region), newQueue("plain", otherRegion)
	far.attributes["SqsManagedSseEnabled"] = "false"
	ordered, late := newQueue("ordered.fifo", region), newQueue("late.fifo", otherRegion)
	late.attributes["DelaySeconds"], late.delay = "1", time.Second
	dead, deadOrdered := newQueue("dead", region).used(0, 1, 800), newQueue("dead.fifo", region).used(0, 1, 900)
	k.purged = newQueue("purged", region)
	k.queues = []*queue{
		plain.used(3, 3, 100), far.used(1, 1, 200), ordered.used(3, 3, 300), late.used(1, 1, 400), k.purged.used(2, 1, 500),
		newQueue("failing", region).redrives(2, dead).used(1, 2, 600), newQueue("failing.fifo", region).redrives(2, deadOrdered).used(1, 2, 700),
	}
	k.encrypted = []*queue{plain, ordered}
	k.lives = []*queueLives{{name: "lived", region: region}, {name: "lived.fifo", region: otherRegion}}

	srv := k.site.start()
	for _, q := range append([]*queue{dead, deadOrdered}, k.queues...) {
		if err := q.create(t.Context(), srv.queues(q.region)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(*queuesFor); time.Now().Before(end) && !t.Failed(); {
		k.round(srv)
		srv = k.restart()
		k.verify(srv)
	}
	if t.Failed() {
		return
	}
	k.drain(srv)
	srv.stop()
	k.report()
	k.site.checkStarts()
}

// round lets all work until the server is dead.
func (k *killingQueues) round(srv *server) {
	k.killer.round(srv, func(do func(string, func(context.Context) error)) {
		with := func(what string, q *queue, f func(ctx context.Context, c *sqs.Client) error) {
			c := srv.queues(q.region)
			do(what+" "+q.name, func(ctx context.Context) error { return f(ctx, c) })
		}
		for _, q := range k.queues {
			for _, s := range q.senders {
				with("send to", q, s.run)
			}
			for _, co := range q.consumers {
				with("receive from", q, co.run)
			}
			if q.dead != nil {
				with("receive from", q.dead, q.dead.consumers[0].run)
			}
		}
		with("purge", k.purged, k.purged.purgeNowAndThen)
		for _, q := range k.encrypted {
			with("encrypt", q, q.encryptNowAndThen)
		}
		for _, l := range k.lives {
			c := srv.queues(l.region)
			do("create and delete "+l.name, func(ctx context.Context) error { return l.run(ctx, c) })
		}
	})
}

// purgeNowAndThen purges until ctx ends or the connection breaks.
func (q *queue) purgeNowAndThen(ctx context.Context, c *sqs.Client) error {
	for ctx.Err() == nil {
		pause(ctx, 300*time.Millisecond)
		call := begin()
		_, err := c.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &q.url})
		end(&call, err)
		if q.purges = append(q.purges, call); err != nil {
			return err
		}
	}
	return nil
}

// encryptNowAndThen turns encryption on and off until ctx ends or the connection
// breaks.
func (q *queue) encryptNowAndThen(ctx context.Context, c *sqs.Client) error {
	for on := true; ctx.Err() == nil; on = !on {
		_, err := c.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q.url, Attributes: map[string]string{"SqsManagedSseEnabled": strconv.FormatBool(on)}})
		if err != nil {
			return err
		}
		pause(ctx, 100*time.Millisecond)
	}
	return nil
}

func (k *killingQueues) verify(srv *server) {
	for _, q := range k.queues {
		q.check(k.t, false)
	}
	for _, l := range k.lives {
		if err := l.verify(k.t.Context(), srv.queues(l.region)); err != nil {
			k.t.Fatal(err)
		}
		judge(k.t, l.violations)
	}
}

// drain empties all queues, after which nothing may be missing.
func (k *killingQueues) drain(srv *server) {
	errs := make(chan error)
	for _, q := range k.queues {
		go func() {
			c := srv.queues(q.region)
			for _, s := range q.senders {
				if err := s.flush(k.t.Context(), c); err != nil {
					errs <- err
					return
				}
			}
			errs <- q.drain(k.t.Context(), c)
		}()
	}
	for range k.queues {
		if err := <-errs; err != nil {
			k.t.Error(err)
		}
	}
	for _, q := range k.queues {
		q.check(k.t, true)
	}
}

func (k *killingQueues) report() {
	outcomes, deliveries, again, buried, lives := map[history.Outcome]int{}, 0, 0, 0, 0
	for _, q := range k.queues {
		h := q.history(true)
		for _, s := range h.Sends {
			outcomes[s.Outcome]++
		}
		for _, r := range h.Receives {
			deliveries += len(r.Messages)
			for _, m := range r.Messages {
				again += min(m.Count-1, 1)
			}
		}
		if h.Dead != nil {
			for _, r := range h.Dead.Receives {
				buried += len(r.Messages)
			}
		}
	}
	for _, l := range k.lives {
		lives += l.life
	}
	load := fmt.Sprintf("%d rounds; sends: %v; %d deliveries, %d of them again, %d of dead letters; %d lives of two queues; killed: %v",
		k.rounds, outcomes, deliveries, again, buried, lives, k.deaths)
	k.t.Log(load)
	if outcomes[history.Acknowledged] == 0 || outcomes[history.Unknown] == 0 || again == 0 || buried == 0 || lives < 3 {
		k.t.Error("the test had no load: " + load)
	}
	if n := outcomes[history.Refused]; n > 0 {
		k.t.Errorf("%d messages were refused, without a reason", n)
	}
}

// queueLives creates a queue, uses it and deletes it, again and again under one
// name. Each life has a sender of its own, so a message of an earlier life is one
// that nobody sent.
type queueLives struct {
	name, region string
	life         int // how many there were
	q            *queue
	phase        phase

	violations []history.Violation
}

func (l *queueLives) run(ctx context.Context, c *sqs.Client) error {
	for ctx.Err() == nil {
		if err := l.live(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// live goes through what is left of one life.
func (l *queueLives) live(ctx context.Context, c *sqs.Client) error {
	if l.phase == absent {
		l.life++
		l.q = newQueue(l.name, l.region).used(1, 1, uint32(10_000+l.life))
		l.phase = asked
		if err := l.q.create(ctx, c); err != nil {
			return err
		}
		l.phase = living
	}
	for range 5 {
		if err := l.q.senders[0].send(ctx, c); err != nil {
			return err
		}
		if _, err := l.q.consumers[0].receive(ctx, c, &sqs.ReceiveMessageInput{MaxNumberOfMessages: 3}); err != nil {
			return err
		}
	}
	for range 5 {
		if _, err := l.q.consumers[0].empty(ctx, c); err != nil {
			return err
		}
	}
	l.check()
	l.phase = deleting
	if _, err := c.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &l.q.url}); err != nil {
		return err
	}
	l.phase = deleted
	if there, err := l.there(ctx, c); err != nil || there {
		return fmt.Errorf("%s is there after its deletion: %t, %w", l.name, there, err)
	}
	l.phase = absent
	return nil
}

func (l *queueLives) check() {
	l.violations = append(l.violations, queues.Check(l.q.history(false))...)
}

// there asks whether there is the queue, and remembers its URL.
func (l *queueLives) there(ctx context.Context, c *sqs.Client) (bool, error) {
	out, err := c.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &l.name})
	switch {
	case err == nil:
		l.q.url = *out.QueueUrl
		return true, nil
	case noQueue(err):
		return false, nil
	}
	return false, err
}

// verify brings the phase to what a restarted server says, where that may be.
func (l *queueLives) verify(ctx context.Context, c *sqs.Client) error {
	if l.life == 0 {
		return nil
	}
	there, err := l.there(ctx, c)
	switch {
	case err != nil:
		return err
	case (l.phase == absent || l.phase == deleted) && there:
		return fmt.Errorf("%s is there, and its deletion was acknowledged", l.name)
	case l.phase == living && !there:
		return fmt.Errorf("%s is gone, and its creation was acknowledged", l.name)
	case !there:
		l.phase = absent
	default:
		l.phase = living // created, or not deleted
	}
	return nil
}
