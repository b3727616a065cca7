package kinesis

import (
	"context"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
	"github.com/millrace/millrace/internal/store/memstore"
)

// Where transitions take no time, what a call began is over when it returns,
// though the clock stands still.
func TestChangesAreOverBeforeTheAnswer(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = 0 })
	name := api.Some("s")
	var c *kinesisapi.Consumer
	for _, step := range []struct {
		name string
		do   func() error
		ok   func(st *streamState) bool
	}{
		{"create", func() error {
			return h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: name, ShardCount: api.Some(int32(2))})
		}, func(st *streamState) bool { return len(st.openShard) == 2 }},
		{"split", func() error { return h.split("s", "0", hash128.Bound(1, 4).String()) }, func(st *streamState) bool { return len(st.openShard) == 3 }},
		{"merge", func() error { return h.merge("s", "2", "3") }, func(st *streamState) bool { return len(st.openShard) == 2 }},
		// Some of its steps follow from others, and are other commits.
		{"count", func() error {
			return h.UpdateShardCount(h.call(kinesisapi.OpUpdateShardCount), &kinesisapi.UpdateShardCountInput{
				StreamName: name, TargetShardCount: api.Some(int32(3)), ScalingType: api.Some(kinesisapi.ScalingTypeUniformScaling),
			}, new(kinesisapi.UpdateShardCountOutput))
		}, func(st *streamState) bool {
			return len(st.openShard) == 3 && st.openShard[1].Start == hash128.Bound(1, 3)
		}},
		{"retention", func() error {
			return h.IncreaseStreamRetentionPeriod(h.call(kinesisapi.OpIncreaseStreamRetentionPeriod), &kinesisapi.IncreaseStreamRetentionPeriodInput{StreamName: name, RetentionPeriodHours: api.Some(int32(48))})
		}, func(st *streamState) bool { return st.RetentionHours == 48 }},
		{"encryption", func() error {
			return h.StartStreamEncryption(h.call(kinesisapi.OpStartStreamEncryption), &kinesisapi.StartStreamEncryptionInput{StreamName: name, EncryptionType: api.Some(kinesisapi.EncryptionTypeKms), KeyId: api.Some(managedKey)})
		}, func(st *streamState) bool { return st.Key != 0 }},
		{"mode", func() error {
			return h.UpdateStreamMode(h.call(kinesisapi.OpUpdateStreamMode), &kinesisapi.UpdateStreamModeInput{StreamARN: api.Some(streamARN("s")), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some(kinesisapi.StreamModeOnDemand)}})
		}, func(st *streamState) bool { return st.OnDemand }},
		{"register", func() (err error) { c, err = h.tryRegister("s", "c"); return err }, func(st *streamState) bool { return st.consumer("c").Status == active }},
		{"deregister", func() error {
			return h.DeregisterStreamConsumer(h.call(kinesisapi.OpDeregisterStreamConsumer), &kinesisapi.DeregisterStreamConsumerInput{ConsumerARN: c.ConsumerARN})
		}, func(st *streamState) bool { return len(st.consumers) == 0 }},
	} {
		h.must(step.do())
		st := h.state("s")
		if st == nil || st.Status != active || !st.due().IsZero() || !step.ok(st) {
			t.Fatalf("after %s: %+v", step.name, st)
		}
		wantCover(t, st.openShard)
	}
	remove := func() error {
		return h.DeleteStream(h.call(kinesisapi.OpDeleteStream), &kinesisapi.DeleteStreamInput{StreamName: name})
	}
	h.must(remove())
	if missing := h.inconsistency(); h.state("s") != nil || missing != "" {
		t.Errorf("the stream is deleted, but %s", missing)
	}
	h.wantCode(remove(), "ResourceNotFoundException")
}

// A change that cannot be carried out yet is answered all the same, since it is
// stored, and comes to its end later.
func TestAChangeThatFailsAtOnceIsTriedAgain(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = 0 })
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: api.Some("s"), ShardCount: api.Some(int32(1))}))
	h.put("s", [2]string{"a", "1"})
	log := h.state("s").shards[0].runtime.logName
	h.store.Lose(log, memstore.Dropped)
	h.must(h.split("s", "0", hash128.Bound(1, 2).String()))
	if st := h.state("s"); st.Status != updating || len(st.openShard) != 1 {
		t.Errorf("without its log the shard is split: %+v", st)
	}
	h.wantCode(h.split("s", "0", hash128.Bound(1, 2).String()), "ResourceInUseException")
	h.store.Regain(log)
	h.clock.Advance(retryDelay)
	h.eventually(func() string {
		if st := h.state("s"); st.Status != active || len(st.openShard) != 2 {
			return "the shard is not split"
		}
		return ""
	})
	h.wantRecords(h.state("s"), []string{"1"})
}

// A caller who goes away does not take the change along.
func TestAChangeOutlivesItsCaller(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = 0 })
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{StreamName: api.Some("s"), ShardCount: api.Some(int32(1))}))
	ctx, leave := context.WithCancel(h.call(kinesisapi.OpDeleteStream))
	h.store.Hold()
	h.store.Step(1) // DELETING is stored; the rest of the deletion hangs
	done := make(chan error, 1)
	go func() {
		done <- h.DeleteStream(ctx, &kinesisapi.DeleteStreamInput{StreamName: api.Some("s")})
	}()
	h.eventually(func() string {
		if h.state("s").Status != deleting {
			return "the stream is not DELETING"
		}
		return ""
	})
	h.must(h.store.AwaitInFlight(t.Context(), 1))
	leave()
	h.must(<-done)
	h.store.Release()
	h.eventually(func() string {
		if h.state("s") != nil {
			return "the stream is not deleted"
		}
		return h.inconsistency()
	})
}

// state returns the stream as it is now, nil where there is none.
func (h *harness) state(name string) *streamState {
	h.t.Helper()
	_, st, err := h.stream(h.t.Context(), streamKey{testAccount, testRegion, name})
	h.must(err)
	return st
}
