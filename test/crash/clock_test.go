package crash

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// TestClockJumps moves the clock back and forth, while the server runs and
// between its runs. Whatever it says, numbers and arrivals do not go back, and
// no shard begins below its parents. The jumps stay within the retention: what was
// stamped a day before what the clock says now is a day old.
func TestClockJumps(t *testing.T) {
	ctx := t.Context()
	// Requests are signed by the real clock, which would be too far from the server's.
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--auth=open")
	srv := site.start()
	if _, err := srv.client().CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	w, reshards := newWriter(1, "s", 30), &resharder{stream: "s", rnd: newWriter(2, "s", 1).rnd}
	put := func() {
		t.Helper()
		if _, err := settled(ctx, srv.client(), "s"); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err := w.put(ctx, srv.client()); err != nil {
				t.Fatal(err)
			}
		}
		if a := w.attempts[len(w.attempts)-1]; a.Outcome != history.Acknowledged {
			t.Fatalf("%s was %s", a.ID, a.Outcome)
		}
	}
	put()
	for _, jump := range []time.Duration{-10 * time.Hour, 3 * time.Hour, -time.Second, -10 * time.Minute, 2 * time.Minute, 10 * time.Hour, -10 * time.Hour} {
		srv.moveClock(jump)
		put()
		if err := reshards.change(ctx, srv.client()); err != nil {
			t.Fatalf("after %v: %v", jump, err)
		}
		put()
		checkStream(t, srv.client(), "s", w)
		// The next server has the machine's own clock again.
		srv.Kill()
		srv = site.start()
		if err := reshards.verify(ctx, srv.client()); err != nil {
			t.Fatalf("after %v: %v", jump, err)
		}
		put()
		checkStream(t, srv.client(), "s", w)
	}
}

// TestReshardAfterTheClockWentBack: a shard that is closed by a clock that is a
// day and more behind its records does not expire before them.
func TestReshardAfterTheClockWentBack(t *testing.T) {
	ctx := t.Context()
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--auth=open")
	srv := site.start()
	c := srv.client()
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(2)}); err != nil {
		t.Fatal(err)
	}
	if _, err := settled(ctx, c, "s"); err != nil {
		t.Fatal(err)
	}
	w := newWriter(1, "s", 30)
	if err := w.put(ctx, c); err != nil {
		t.Fatal(err)
	}
	srv.moveClock(-30 * time.Hour)
	if _, err := c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: aws.String("s"), TargetShardCount: aws.Int32(4), ScalingType: types.ScalingTypeUniformScaling}); err != nil {
		t.Fatal(err)
	}
	if _, err := settled(ctx, c, "s"); err != nil {
		t.Fatal(err)
	}
	srv.moveClock(30 * time.Hour)
	checkStream(t, c, "s", w)
	srv.Kill()
	checkStream(t, site.start().client(), "s", w)
}

// TestIteratorsUnderAMovedClock: an iterator ends by the server's clock, and one
// that seems to come from the future does no harm.
func TestIteratorsUnderAMovedClock(t *testing.T) {
	ctx := t.Context()
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--auth=open")
	srv := site.start()
	c := srv.client()
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := settled(ctx, c, "s"); err != nil {
		t.Fatal(err)
	}
	w := newWriter(1, "s", 10)
	if err := w.put(ctx, c); err != nil {
		t.Fatal(err)
	}
	it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		move time.Duration
		want string
	}{{0, ""}, {-time.Hour, ""}, {time.Hour + 4*time.Minute, ""}, {2 * time.Minute, "ExpiredIteratorException"}, {-6 * time.Minute, ""}} {
		srv.moveClock(step.move)
		out, err := c.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		if code(err) != step.want {
			t.Errorf("after a move of %v: %v, want %q", step.move, err, step.want)
		}
		if err == nil && len(out.Records) != len(w.attempts) {
			t.Errorf("after a move of %v: %d records of %d", step.move, len(out.Records), len(w.attempts))
		}
	}
}
