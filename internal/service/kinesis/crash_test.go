package kinesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// TestKilledAtEachCommit cuts every slow operation off after each of its
// commits, with the commit in flight lost or kept, and starts again on what is
// left: the operation is then not begun or comes to its end, and no record is
// lost or moved.
func TestKilledAtEachCommit(t *testing.T) {
	half := hash128.Bound(1, 4).String()
	operations := map[string]func(h *harness) error{
		"create": func(h *harness) error {
			return h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: api.Some("new"), ShardCount: api.Some(int32(3))})
		},
		"split": func(h *harness) error { return h.split("s", "0", half) },
		"merge": func(h *harness) error { return h.merge("s", "0", "1") },
		"count": func(h *harness) error {
			return h.UpdateShardCount(h.call(kinesisapi.OpUpdateShardCount), &kinesisapi.UpdateShardCountInput{
				StreamName: api.Some("s"), TargetShardCount: api.Some(int32(3)), ScalingType: api.Some("UNIFORM_SCALING"),
			}, new(kinesisapi.UpdateShardCountOutput))
		},
		"delete": func(h *harness) error {
			return h.DeleteStream(h.call(kinesisapi.OpDeleteStream), &kinesisapi.DeleteStreamInput{StreamName: api.Some("s")})
		},
	}
	for name, op := range operations {
		for _, delay := range []time.Duration{0, 500 * time.Millisecond} {
			for _, kept := range []int{0, 100} {
				t.Run(fmt.Sprintf("%s in %v with %d%% kept", name, delay, kept), func(t *testing.T) {
					for commits := 0; ; commits++ {
						if killedAfter(t, op, delay, commits, kept) {
							if commits < 3 {
								t.Errorf("the operation ended after %d commits: the test does not cut it off", commits)
							}
							return
						}
					}
				})
			}
		}
	}
}

// killedAfter runs op for a number of commits, and reports whether it came to
// its end by then.
func killedAfter(t *testing.T, op func(*harness) error, delay time.Duration, commits, kept int) (ended bool) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = delay })
	h.create("s", 2)
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint(i))
		h.put("s", [2]string{fmt.Sprint("key", i), want[i]})
	}
	crashed, ended, err := h.store.Cut(t.Context(), commits, kept, rand.New(rand.NewPCG(uint64(commits), 1)), func(ctx context.Context) error {
		err := op(h)
		for err == nil && ctx.Err() == nil && !h.atRest(ctx) {
			h.clock.Advance(10 * time.Millisecond) // however often: never a record's retention
			runtime.Gosched()
		}
		return err
	})
	h.must(err)

	after := &harness{t: t, clock: h.clock, store: crashed}
	after.start()
	t.Cleanup(func() { after.Close() })
	for _, name := range []string{"s", "new"} {
		st := after.settle(name)
		if st == nil {
			continue
		}
		wantCover(t, st.openShard)
		if st.Status != active {
			t.Errorf("after %d commits %s stays %s", commits, name, st.Status)
		}
		if name == "s" {
			after.wantRecords(st, want)
		}
		after.put(name, [2]string{"key", "one more"})
	}
	after.eventually(after.inconsistency)
	return ended
}

// inconsistency tells where the registry and the logs differ from the streams.
func (h *harness) inconsistency() string {
	h.t.Helper()
	rows, err := h.registry(testAccount, testRegion).list(h.t.Context())
	h.must(err)
	shards := 0
	for _, entry := range rows {
		_, st, err := h.stream(h.t.Context(), streamKey{testAccount, testRegion, entry.Name})
		h.must(err)
		if st == nil || entry.Shards != len(st.openShard) {
			return fmt.Sprintf("the registry counts %d shards of %s", entry.Shards, entry.Name)
		}
		shards += len(st.shards)
	}
	logs, err := h.store.Logs(h.t.Context(), "")
	h.must(err)
	if len(logs) != shards {
		return fmt.Sprintf("there are %d logs of %d shards: %q", len(logs), shards, logs)
	}
	return ""
}

// atRest reports whether no stream has a transition ahead.
func (h *harness) atRest(ctx context.Context) bool {
	for _, name := range []string{"s", "new"} {
		_, st, err := h.stream(ctx, streamKey{testAccount, testRegion, name})
		if err != nil || st != nil && !st.due().IsZero() {
			return false
		}
		if rows, err := h.registry(testAccount, testRegion).list(ctx); err != nil || st == nil && slices.ContainsFunc(rows, func(r *registryRow) bool { return r.Name == name }) {
			return false
		}
	}
	return true
}

// wantRecords fails the test unless all shards together hold the records.
func (h *harness) wantRecords(st *streamState, want []string) {
	h.t.Helper()
	var got []string
	for _, sh := range st.shards {
		got = append(got, data(h.get(h.iterator(st.key.name, sh.id, "TRIM_HORIZON")).Records)...)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		h.t.Errorf("got %q, want %q", got, want)
	}
}

// A reshard that loses its partition or log to another server, or whose commits
// fail, is done when it has them back.
func TestReshardSurvivesLossAndFailures(t *testing.T) {
	for name, fault := range map[string]func(s *memstore.Store) (mend func()){
		"partition lost": func(s *memstore.Store) func() {
			p := streamKey{testAccount, testRegion, "s"}.partition()
			s.Lose(p, memstore.Dropped)
			return func() { s.Regain(p) }
		},
		"commits dropped": func(s *memstore.Store) func() {
			s.FailCommits(store.ErrUnknownOutcome, 5, memstore.Dropped)
			return func() {}
		},
		"acknowledgements lost": func(s *memstore.Store) func() {
			s.FailCommits(store.ErrUnknownOutcome, 5, memstore.Applied)
			return func() {}
		},
		"no space": func(s *memstore.Store) func() {
			s.SetNoSpace(true)
			return func() { s.SetNoSpace(false) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.create("s", 1)
			h.put("s", [2]string{"a", "1"})
			h.must(h.split("s", "0", hash128.Bound(1, 2).String()))
			mend := fault(h.store)
			for range 3 {
				h.clock.Advance(time.Second)
				runtime.Gosched()
			}
			mend()
			st := h.settleTicking("s")
			wantCover(t, st.openShard)
			if len(st.openShard) != 2 {
				t.Fatalf("%d shards are open", len(st.openShard))
			}
			h.wantRecords(st, []string{"1"})
			h.put("s", [2]string{"a", "2"})
		})
	}
}

// settleTicking is settle where the transition may have to be tried again.
func (h *harness) settleTicking(name string) *streamState {
	h.t.Helper()
	var st *streamState
	h.eventually(func() string {
		var err error
		_, st, err = h.stream(h.t.Context(), streamKey{testAccount, testRegion, name})
		h.must(err)
		if st == nil || st.due().IsZero() {
			return ""
		}
		h.clock.Advance(100 * time.Millisecond)
		return "stream " + name + " does not settle"
	})
	return st
}

// A put whose shard is lost, or whose disk is full, fails and stores nothing.
func TestPutFailsWhole(t *testing.T) {
	h := newHarness(t)
	st := h.create("s", 2)
	log := st.shards[0].runtime.logName
	top := hash128.Max.String()
	in := func() *kinesisapi.PutRecordsInput {
		return &kinesisapi.PutRecordsInput{StreamName: api.Some("s"), Records: []kinesisapi.PutRecordsRequestEntry{
			{PartitionKey: api.Some("a"), Data: []byte("low"), ExplicitHashKey: api.Some("0")},
			{PartitionKey: api.Some("a"), Data: []byte("high"), ExplicitHashKey: api.Some(top)},
		}}
	}
	h.store.Lose(log, memstore.Dropped)
	out := new(kinesisapi.PutRecordsOutput)
	h.must(h.PutRecords(h.call(kinesisapi.OpPutRecords), in(), out))
	if out.FailedRecordCount.V != 1 || out.Records[0].ErrorCode.V != "InternalFailure" || !out.Records[1].SequenceNumber.Set {
		t.Errorf("a lost shard: %+v", out)
	}
	h.store.Regain(log)
	h.wantRecords(st, []string{"high"})

	h.store.SetNoSpace(true)
	one := &kinesisapi.PutRecordInput{StreamName: api.Some("s"), PartitionKey: api.Some("a"), Data: []byte("x")}
	err := h.PutRecord(h.call(kinesisapi.OpPutRecord), one, new(kinesisapi.PutRecordOutput))
	if !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("a full disk: %v", err)
	}
	h.wantRecords(st, []string{"high"})
	h.store.SetNoSpace(false)
	h.must(h.PutRecord(h.call(kinesisapi.OpPutRecord), one, new(kinesisapi.PutRecordOutput)))
}
