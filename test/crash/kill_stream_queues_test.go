package crash

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
	"github.com/millrace/millrace/test/model"
)

// killingStreamQueues is one run of TestKillStreamQueues.
type killingStreamQueues struct {
	killer
	writers []*writer
	queues  []*streamQueue
	lives   *streamQueueLives
}

const queued = "queued"

// TestKillStreamQueues kills a server with queues on a stream under load, at random
// moments, at fault points and while it starts. What was acknowledged as
// acknowledged must not come back, nothing that was put may be skipped, and nobody
// may get what another holds.
func TestKillStreamQueues(t *testing.T) {
	t.Parallel()
	t.Logf("-crash.seed=%d", *crashSeed)
	k := &killingStreamQueues{killer: newKiller(t, points(t, "kinesis.queue."), 5, "--shard-limits=off", "--transition-delay=10ms")}
	k.writers = []*writer{newWriter(1, queued, 5), newWriter(2, queued, 1), newWriter(3, queued, 1)}
	k.writers[2].cbor = true
	k.queues = []*streamQueue{
		newStreamQueue("failing", queued, 2, 3, 100, k.writers...),
		newStreamQueue("lasting", queued, 0, 2, 200, k.writers...),
	}
	k.lives = &streamQueueLives{q: newStreamQueue("lived", queued, 0, 1, 300, k.writers...)}

	srv := k.site.start()
	if err := k.begin(srv); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(*streamQueuesFor); time.Now().Before(end) && !t.Failed(); {
		k.round(srv)
		srv = k.restart()
		for _, q := range k.queues {
			q.check(t, false)
		}
		if err := k.lives.verify(t.Context(), srv); err != nil {
			t.Fatal(err)
		}
		judge(t, k.lives.violations)
	}
	if t.Failed() {
		return
	}
	k.drain(srv)
	checkStream(t, srv.client(), queued, k.writers...)
	srv.stop()
	k.report()
	k.site.checkStarts()
}

// begin makes a stream that has closed shards, as one that grew, and its queues.
func (k *killingStreamQueues) begin(srv *server) error {
	ctx, c := k.t.Context(), srv.client()
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String(queued), ShardCount: aws.Int32(2)}); err != nil {
		return err
	}
	if _, err := settled(ctx, c, queued); err != nil {
		return err
	}
	for range 5 {
		if err := k.writers[0].put(ctx, c); err != nil {
			return err
		}
	}
	if _, err := c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: aws.String(queued), TargetShardCount: aws.Int32(3), ScalingType: types.ScalingTypeUniformScaling}); err != nil {
		return err
	}
	if _, err := settled(ctx, c, queued); err != nil {
		return err
	}
	arn := aws.String("arn:aws:kinesis:" + region + ":000000000000:stream/" + queued)
	if _, err := c.UpdateStreamMode(ctx, &kinesis.UpdateStreamModeInput{StreamARN: arn, StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}}); err != nil {
		return err
	}
	if _, err := settled(ctx, c, queued); err != nil {
		return err
	}
	for _, q := range k.queues {
		if err := q.create(ctx, srv.model(model.JSON)); err != nil {
			return err
		}
	}
	return nil
}

// round lets all work until the server is dead.
func (k *killingStreamQueues) round(srv *server) {
	k.killer.round(srv, func(do func(string, func(context.Context) error)) {
		c := srv.client()
		for _, w := range k.writers {
			do("put", func(ctx context.Context) error {
				for ctx.Err() == nil {
					if err := w.put(ctx, c); err != nil {
						return err
					}
					pause(ctx, time.Duration(w.rnd.IntN(60))*time.Millisecond)
				}
				return nil
			})
		}
		for _, q := range k.queues {
			for _, co := range append(q.consumers[:len(q.consumers):len(q.consumers)], q.dead...) {
				do("receive from "+q.name, func(ctx context.Context) error { return co.run(ctx, srv) })
			}
		}
		do("create and delete", func(ctx context.Context) error { return k.lives.run(ctx, srv) })
	})
}

// drain empties the queues, after which nothing may be missing.
func (k *killingStreamQueues) drain(srv *server) {
	errs := make(chan error)
	for _, q := range k.queues {
		go func() { errs <- q.drain(k.t.Context(), srv) }()
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

func (k *killingStreamQueues) report() {
	outcomes, deliveries, again, buried := map[history.Outcome]int{}, 0, 0, 0
	for _, w := range k.writers {
		for _, a := range w.attempts {
			outcomes[a.Outcome]++
		}
	}
	for _, q := range k.queues {
		h := q.history(true)
		for _, r := range h.Receives {
			for _, m := range r.Messages {
				deliveries++
				again += min(m.Count-1, 1)
			}
		}
		for _, co := range q.dead {
			for _, r := range co.receives {
				buried += len(r.Messages)
			}
		}
	}
	load := fmt.Sprintf("%d rounds; puts: %v; %d deliveries, %d of them again, %d of dead letters; %d lives of a queue; killed: %v",
		k.rounds, outcomes, deliveries, again, buried, k.lives.life, k.deaths)
	k.t.Log(load)
	if outcomes[history.Acknowledged] == 0 || outcomes[history.Unknown] == 0 || again == 0 || buried == 0 || k.lives.life < 3 {
		k.t.Error("the test had no load: " + load)
	}
	if n := outcomes[history.Refused]; n > 0 {
		k.t.Errorf("%d records were refused, without a reason", n)
	}
}

// streamQueueLives creates a queue, uses it and deletes it, again and again under
// one name.
type streamQueueLives struct {
	q     *streamQueue
	life  int // how many there were
	phase phase

	violations []history.Violation
}

func (l *streamQueueLives) run(ctx context.Context, srv *server) error {
	for ctx.Err() == nil {
		if err := l.live(ctx, srv); err != nil {
			return err
		}
	}
	return nil
}

// live goes through what is left of one life.
func (l *streamQueueLives) live(ctx context.Context, srv *server) error {
	c, co := srv.model(model.CBOR), l.q.consumers[0]
	if l.phase == absent {
		l.life++
		co.receives, co.acts, co.old = nil, nil, nil
		l.phase = asked
		if err := l.q.create(ctx, c); err != nil {
			return err
		}
		l.phase = living
	}
	for range 3 {
		got, err := co.receive(ctx, srv, model.Object{"WaitTimeSeconds": 1})
		if err != nil {
			return err
		}
		if len(got) > 0 {
			if err := co.acknowledge(ctx, srv, handlesOf(got)...); err != nil {
				return err
			}
		}
	}
	l.phase = deleting
	if err := l.q.delete(ctx, c); err != nil {
		return err
	}
	l.phase = deleted
	if err := l.q.wantThere(ctx, c, false); err != nil {
		return err
	}
	l.phase = absent
	return nil
}

// verify brings the phase to what a restarted server says, where that may be. A
// queue that is new has what no earlier one of the name has left behind.
func (l *streamQueueLives) verify(ctx context.Context, srv *server) error {
	l.violations = append(l.violations, queues.Check(l.q.history(false))...)
	if l.life == 0 {
		return nil
	}
	there, err := l.q.find(ctx, srv.model(model.JSON))
	switch {
	case err != nil:
		return err
	case (l.phase == absent || l.phase == deleted) && there:
		return fmt.Errorf("%s is there, and its deletion was acknowledged", l.q.name)
	case l.phase == living && !there:
		return fmt.Errorf("%s is gone, and its creation was acknowledged", l.q.name)
	case !there:
		l.phase = absent
	default:
		l.phase = living // created, or not deleted
	}
	return nil
}
