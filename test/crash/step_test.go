package crash

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// An operation that changes a stream, from its call to the state in which it is
// over, whether or not the server dies on the way.
type operation struct {
	name    string
	prepare func(ctx context.Context, c *kinesis.Client) error // what it needs to be there
	call    func(ctx context.Context, c *kinesis.Client) error
	// done says what is wrong when the operation is over. Every point comes after
	// the call was stored, so it must have been carried out.
	done func(ctx context.Context, c *kinesis.Client) error
	// then is what must be possible after it.
	then func(ctx context.Context, c *kinesis.Client) error
}

const stepped = "stepped"

// wantOpen is a check that the stream has so many open shards.
func wantOpen(want int) func(context.Context, *kinesis.Client) error {
	return func(ctx context.Context, c *kinesis.Client) error {
		shards, err := listShards(ctx, c, stepped)
		n := 0
		for _, sh := range shards {
			if sh.Open {
				n++
			}
		}
		if err == nil && n != want {
			err = fmt.Errorf("%d open shards, want %d", n, want)
		}
		return err
	}
}

// wantStream is a check that a stream is there or not.
func wantStream(name string, there bool) func(context.Context, *kinesis.Client) error {
	return func(ctx context.Context, c *kinesis.Client) error {
		st, err := status(ctx, c, name)
		if err == nil && (st != "") != there {
			err = fmt.Errorf("stream %s is %q", name, st)
		}
		return err
	}
}

func createNamed(name string) func(context.Context, *kinesis.Client) error {
	return func(ctx context.Context, c *kinesis.Client) error {
		_, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(3)})
		return err
	}
}

var operations = []operation{
	{
		name: "CreateStream", call: createNamed("made"), done: wantStream("made", true),
	},
	{
		name: "SplitShard",
		call: func(ctx context.Context, c *kinesis.Client) error {
			_, err := c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: aws.String(stepped), ShardToSplit: aws.String("shardId-000000000001"), NewStartingHashKey: aws.String("120000000000000000000000000000000000000")})
			return err
		},
		done: wantOpen(5),
	},
	{
		name: "MergeShards",
		call: func(ctx context.Context, c *kinesis.Client) error {
			_, err := c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: aws.String(stepped), ShardToMerge: aws.String("shardId-000000000001"), AdjacentShardToMerge: aws.String("shardId-000000000002")})
			return err
		},
		done: wantOpen(3),
	},
	{
		name: "UpdateShardCount",
		call: func(ctx context.Context, c *kinesis.Client) error {
			_, err := c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: aws.String(stepped), TargetShardCount: aws.Int32(3), ScalingType: types.ScalingTypeUniformScaling})
			return err
		},
		done: wantOpen(3),
	},
	{
		name: "DeleteStream",
		prepare: func(ctx context.Context, c *kinesis.Client) error {
			if err := createNamed("doomed")(ctx, c); err != nil {
				return err
			}
			if _, err := settled(ctx, c, "doomed"); err != nil {
				return err
			}
			return newWriter(3, "doomed", 50).put(ctx, c)
		},
		call: func(ctx context.Context, c *kinesis.Client) error {
			_, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: aws.String("doomed")})
			return err
		},
		done: wantStream("doomed", false),
		// The name is free, and what comes under it is new.
		then: func(ctx context.Context, c *kinesis.Client) error {
			if err := createNamed("doomed")(ctx, c); err != nil {
				return err
			}
			if _, err := settled(ctx, c, "doomed"); err != nil {
				return err
			}
			shards, err := readStream(ctx, c, "doomed", nil)
			for _, sh := range shards {
				if len(sh.Records) > 0 {
					err = fmt.Errorf("%s of the new stream has records of the old one", sh.ID)
				}
			}
			return err
		},
	},
}

// TestKilledAtEachStep kills the server at each pass of each point of each
// operation. After the restart the operation must come to its end by itself,
// with all records in place.
func TestKilledAtEachStep(t *testing.T) {
	killAtEach(t, streamPoints(t), operations, func(op operation) string { return op.name }, passes, killAt)
}

// killAtEach runs kill for each pass of each point of each operation. Every point
// must be passed by one of them.
func killAtEach[T any](t *testing.T, points []string, operations []T, name func(T) string, passes func(*testing.T, T) map[string]int, kill func(t *testing.T, op T, point string, n int)) {
	reached := map[string]bool{}
	for _, op := range operations {
		for point, passes := range passes(t, op) {
			reached[point] = true
			for n := 1; n <= passes; n++ {
				t.Run(fmt.Sprintf("%s/%s:%d", name(op), point, n), func(t *testing.T) {
					t.Parallel()
					kill(t, op, point, n)
				})
			}
		}
	}
	for _, point := range points {
		if !reached[point] {
			t.Errorf("no operation here is killed at %s", point)
		}
	}
}

// streamPoints are the fault points of streams, without those of their queues: see
// TestStreamQueuesKilledAtEachStep.
func streamPoints(t *testing.T) []string {
	return slices.DeleteFunc(points(t, "kinesis."), func(point string) bool { return strings.HasPrefix(point, "kinesis.queue.") })
}

// passes carries out an operation with nothing in its way, and returns how often
// it passes each point.
func passes(t *testing.T, op operation) map[string]int {
	site, srv, c := stepSite(t, op)
	defer srv.Kill()
	after := srv.passes(func() {
		if err := op.call(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		settleSteps(t, c)
		if err := op.done(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	})
	if len(after) == 0 {
		t.Errorf("%s passes no point", op.name)
	}
	site.checkStarts()
	return after
}

// stepSite starts a server with what an operation needs.
func stepSite(t *testing.T, op operation) (*site, *server, *kinesis.Client) {
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms")
	srv := site.start()
	c := srv.client()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String(stepped), ShardCount: aws.Int32(4)}); err != nil {
		t.Fatal(err)
	}
	settleSteps(t, c)
	if op.prepare != nil {
		if err := op.prepare(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return site, srv, c
}

// settleSteps waits until no stream is in transition.
func settleSteps(t *testing.T, c *kinesis.Client) {
	t.Helper()
	for _, name := range []string{stepped, "made", "doomed"} {
		if _, err := settled(t.Context(), c, name); err != nil {
			t.Fatal(err)
		}
	}
}

func killAt(t *testing.T, op operation, point string, n int) {
	ctx := t.Context()
	site, srv, c := stepSite(t, op)
	writers := []*writer{newWriter(1, stepped, 20), newWriter(2, stepped, 1)}
	put := func() {
		for _, w := range writers {
			if err := w.put(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 5 {
		put()
	}
	srv.arm(fmt.Sprintf("%s:%d", point, n))
	// A writer goes on while the server dies.
	wrote := make(chan error, 1)
	go func() { wrote <- writers[1].run(ctx, srv.client()) }()
	called := op.call(ctx, c)
	if code(called) != "" {
		t.Fatal(called)
	}
	select {
	case <-srv.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the point was not reached")
	}
	<-wrote
	if !srv.Killed() {
		t.Fatalf("the server ended with %v:\n%s", srv.Ended(), srv.Tail(6000))
	}

	srv = site.start()
	c = srv.client()
	settleSteps(t, c)
	if err := op.done(ctx, c); err != nil {
		t.Errorf("after the restart (the call: %v): %v", called, err)
	}
	put()
	before := checkStream(t, c, stepped, writers...)

	// What it came to is no less durable than the rest.
	srv.Kill()
	c = site.start().client()
	judge(t, history.Same(stepped, before, checkStream(t, c, stepped, writers...)))
	if err := op.done(ctx, c); err != nil {
		t.Errorf("after another restart: %v", err)
	}
	if op.then != nil {
		if err := op.then(ctx, c); err != nil {
			t.Error(err)
		}
	}
	site.checkStarts()
}
