package crash

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// kept is a stream that lives as long as the test, with who writes to it.
type kept struct {
	name              string
	region, accessKey string // whose it is
	writers           []*writer
	known             []history.Shard // as of the last reading
}

func (k *kept) client(srv *server) *kinesis.Client { return srv.clientOf(k.region, k.accessKey) }

func (k *kept) history() history.Stream {
	s := history.Stream{Name: k.name, Shards: k.known}
	for _, w := range k.writers {
		s.Attempts = append(s.Attempts, w.attempts...)
	}
	return s
}

// killing is one run of TestKill.
type killing struct {
	killer
	kept []*kept

	reshards resharder
	churn    churn
}

// TestKill kills a server under load, at random moments, at fault points and
// while it starts, and after each restart holds all that it keeps against what
// its writers were told.
func TestKill(t *testing.T) {
	t.Logf("-crash.seed=%d", *crashSeed)
	k := &killing{killer: newKiller(t, streamPoints(t), 3, "--shard-limits=off", "--transition-delay=30ms")}
	k.site.addAccount("111122223333", otherAccessKey)
	// Three have one name: nothing of one may get into another.
	for i, st := range []*kept{
		{name: "plain", region: region, accessKey: accessKey},
		{name: "resharded", region: region, accessKey: accessKey},
		{name: "encrypted", region: region, accessKey: accessKey},
		{name: "plain", region: "eu-central-1", accessKey: accessKey},
		{name: "plain", region: region, accessKey: otherAccessKey},
	} {
		for j, batch := range []int{1, 1, 60} {
			st.writers = append(st.writers, newWriter(uint32(10*i+j), st.name, batch))
		}
		st.writers[1].cbor = st.region == region && st.accessKey == accessKey
		k.kept = append(k.kept, st)
	}
	k.reshards = resharder{stream: k.kept[1].name, rnd: rand.New(rand.NewPCG(*crashSeed, 1))}
	end := time.Now().Add(*crashFor)
	srv := k.site.start()
	k.create(srv)
	for time.Now().Before(end) && !t.Failed() {
		k.round(srv)
		srv = k.restart()
		k.verify(srv, false)
	}
	if t.Failed() {
		return
	}
	k.verify(srv, true)
	srv.stop()
	k.report()
	k.site.checkStarts()
}

func (k *killing) report() {
	outcomes, shards := map[history.Outcome]int{}, 0
	for _, st := range k.kept {
		for _, w := range st.writers {
			for _, a := range w.attempts {
				outcomes[a.Outcome]++
			}
		}
		shards += len(st.known)
	}
	k.t.Logf("%d rounds; records: %v; %d shards, %d lives of one stream; killed: %v", k.rounds, outcomes, shards, k.churn.life, k.deaths)
	if outcomes[history.Acknowledged] == 0 || outcomes[history.Unknown] == 0 || k.churn.life == 0 {
		k.t.Error("the test had no load")
	}
	if n := outcomes[history.Refused]; n > 0 {
		k.t.Errorf("%d records were refused, without a reason", n)
	}
}

func (k *killing) create(srv *server) {
	ctx := k.t.Context()
	for i, st := range k.kept {
		c := st.client(srv)
		if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &st.name, ShardCount: aws.Int32(int32(2 + i%3))}); err != nil {
			k.t.Fatal(err)
		}
		if _, err := settled(ctx, c, st.name); err != nil {
			k.t.Fatal(err)
		}
	}
}

// round lets all work until the server is dead.
func (k *killing) round(srv *server) {
	followed := k.kept[0].known
	k.killer.round(srv, func(do func(string, func(context.Context) error)) {
		with := func(what string, c *kinesis.Client, f func(ctx context.Context, c *kinesis.Client) error) {
			do(what, func(ctx context.Context) error { return f(ctx, c) })
		}
		for _, st := range k.kept {
			for _, w := range st.writers {
				with("write to "+w.stream, st.client(srv), w.run)
			}
		}
		with("follow", srv.client(), func(ctx context.Context, c *kinesis.Client) (err error) {
			followed, err = follow(ctx, c, k.kept[0].name, followed)
			return err
		})
		with("reshard", srv.client(), k.reshards.run)
		with("encrypt", srv.client(), func(ctx context.Context, c *kinesis.Client) error { return encrypt(ctx, c, k.kept[2].name) })
		with("create and delete", srv.client(), k.churn.run)
	})
	k.kept[0].known = followed
}

// verify waits until no stream is in transition, then reads what has come and
// judges; in the end it reads all once more from the beginning.
func (k *killing) verify(srv *server, last bool) {
	ctx := k.t.Context()
	for _, st := range k.kept {
		c := st.client(srv)
		if status, err := settled(ctx, c, st.name); err != nil || status != types.StreamStatusActive {
			k.t.Fatalf("stream %s is %q: %v", st.name, status, err)
		}
		shards, err := readStream(ctx, c, st.name, st.known)
		if err != nil {
			k.t.Fatal(err)
		}
		judge(k.t, history.Kept(st.name, st.known, shards))
		st.known = shards
		if last {
			if shards, err = readStream(ctx, c, st.name, nil); err != nil {
				k.t.Fatal(err)
			}
			judge(k.t, history.Same(st.name, st.known, shards))
		}
		judge(k.t, history.Check(st.history()))
	}
	c := srv.client()
	if err := k.reshards.verify(ctx, c); err != nil {
		k.t.Fatal(err)
	}
	if err := k.churn.verify(ctx, c); err != nil {
		k.t.Fatal(err)
	}
	judge(k.t, k.churn.violations)
}

// follow reads a stream as it grows, from what is known on, and returns all
// that it has seen.
func follow(ctx context.Context, c *kinesis.Client, stream string, known []history.Shard) ([]history.Shard, error) {
	shards := slices.Clone(known)
	if len(shards) == 0 {
		var err error
		if shards, err = listShards(ctx, c, stream); err != nil {
			return nil, err
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		for i := range shards {
			// Each reading appends to a slice of its own.
			shards[i].Records = slices.Clip(shards[i].Records)
			if err := readShard(ctx, c, stream, &shards[i]); err != nil {
				return shards, err
			}
		}
		<-tick.C
	}
	return shards, nil
}

// encrypt turns a stream's encryption on and off.
func encrypt(ctx context.Context, c *kinesis.Client, stream string) error {
	for ctx.Err() == nil {
		out, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &stream})
		if err != nil {
			return err
		}
		key := aws.String("alias/aws/kinesis")
		if out.StreamDescriptionSummary.EncryptionType == types.EncryptionTypeKms {
			_, err = c.StopStreamEncryption(ctx, &kinesis.StopStreamEncryptionInput{StreamName: &stream, EncryptionType: types.EncryptionTypeKms, KeyId: key})
		} else {
			_, err = c.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: &stream, EncryptionType: types.EncryptionTypeKms, KeyId: key})
		}
		if err != nil && !strings.HasPrefix(code(err), "LimitExceeded") {
			return err
		}
		if _, err := settled(ctx, c, stream); err != nil {
			return err
		}
		pause(ctx, 200*time.Millisecond)
	}
	return nil
}
