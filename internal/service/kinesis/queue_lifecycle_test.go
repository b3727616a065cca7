package kinesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

func TestTheLifeOfAQueue(t *testing.T) {
	const delay = 500 * time.Millisecond
	h := newHarness(t, func(o *Options) { o.TransitionDelay = delay })
	h.createOnDemand("s")
	d, err := h.tryCreateQueue("q", "s")
	h.must(err)
	arn := d.QueueARN.V
	if d.QueueStatus.V != creating || !strings.HasPrefix(arn, "arn:aws:kinesis:us-east-1:000000000000:queue/") || strings.Contains(arn, "q/q") ||
		d.StreamConfigurationList[0].StartingPosition.Timestamp.Set {
		t.Errorf("%+v", d)
	}
	becomes := func(status string) {
		t.Helper()
		h.clock.Advance(delay)
		h.eventually(func() string {
			d, err := h.describeQueue(arn)
			if status == "" {
				var e *api.Error
				if errors.As(err, &e) && e.Shape == kinesisapi.ErrResourceNotFoundException {
					return ""
				}
				return fmt.Sprintf("the queue is there: %+v", d)
			}
			h.must(err)
			if d.QueueStatus.V != status {
				return "the queue is " + d.QueueStatus.V
			}
			return ""
		})
	}
	_, err = h.tryReceive(arn, askedOfQueue{})
	h.wantCode(err, "ResourceNotFoundException")
	_, err = h.tryCreateQueue("q", "s")
	h.wantCode(err, "ResourceInUseException")
	h.wantCode(h.changeQueue(arn), "ResourceInUseException")
	becomes(active)
	h.put("s", [2]string{"a", "1"})
	h.must(h.changeQueue(arn))
	h.wantCode(h.changeQueue(arn), "ResourceInUseException")
	h.wantQueueData(h.receive(arn), "1") // it delivers while it is UPDATING
	becomes(active)

	h.wantCode(h.DeleteStream(h.call(kinesisapi.OpDeleteStream), &kinesisapi.DeleteStreamInput{StreamName: api.Some("s"), EnforceConsumerDeletion: api.Some(true)}), "ResourceInUseException")
	h.wantCode(h.UpdateStreamMode(h.call(kinesisapi.OpUpdateStreamMode), &kinesisapi.UpdateStreamModeInput{
		StreamARN: api.Some(streamARN("s")), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some("PROVISIONED")},
	}), "ResourceInUseException")
	if n := h.summary("s").QueueCount.V; n != 1 {
		t.Errorf("the stream has %d queues", n)
	}

	h.must(h.deleteQueue(arn))
	h.must(h.deleteQueue(arn))
	_, err = h.tryReceive(arn, askedOfQueue{})
	h.wantCode(err, "ResourceNotFoundException")
	becomes("")
	h.eventually(h.queueInconsistency)
	again, err := h.tryCreateQueue("q", "s")
	h.must(err)
	if again.QueueARN.V == arn {
		t.Error("the queue that comes again has the same ARN")
	}
	h.wantCode(h.deleteQueue(arn), "ResourceNotFoundException")
}

func (h *harness) changeQueue(arn string) error {
	return h.UpdateQueue(h.call(kinesisapi.OpUpdateQueue), &kinesisapi.UpdateQueueInput{
		QueueARN: api.Some(arn), QueueAttributes: &kinesisapi.QueueAttributes{VisibilityTimeoutSeconds: api.Some(int32(7))},
	}, new(kinesisapi.UpdateQueueOutput))
}

func TestQueuesAreLimitedAndListed(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = time.Minute })
	h.createOnDemand("s")
	h.create("p", 1)
	_, err := h.tryCreateQueue("q", "p")
	h.wantCode(err, "ValidationException")
	_, err = h.tryCreateQueue("q", "none")
	h.wantCode(err, "ResourceNotFoundException")
	_, err = h.tryRegister("s", "c")
	h.must(err)
	for i := range maxConsumers - 1 {
		if i > 0 && i%maxQueuesPending == 0 {
			_, err := h.tryCreateQueue("more", "s")
			h.wantCode(err, "LimitExceededException")
			h.settleQueues()
		}
		_, err := h.tryCreateQueue(fmt.Sprintf("q%02d", i), "s")
		h.must(err)
	}
	h.settleQueues()
	_, err = h.tryCreateQueue("more", "s")
	h.wantCode(err, "LimitExceededException")
	_, err = h.tryRegister("s", "more")
	h.wantCode(err, "LimitExceededException")
	h.eventually(h.queueInconsistency)

	list := func(filter ...kinesisapi.QueueStreamFilter) (names []string) {
		in := &kinesisapi.ListQueuesInput{MaxResults: api.Some(int32(8)), StreamFilter: filter}
		for {
			out := new(kinesisapi.ListQueuesOutput)
			h.must(h.ListQueues(h.call(kinesisapi.OpListQueues), in, out))
			for _, q := range out.QueueSummaries {
				names = append(names, q.QueueName.V)
				if q.Streams[0].StreamARN.V != streamARN("s") || q.QueueStatus.V != active {
					t.Errorf("%+v", q)
				}
			}
			if in.NextToken = out.NextToken; !in.NextToken.Set {
				return names
			}
		}
	}
	of := func(name string, at api.Opt[time.Time]) kinesisapi.QueueStreamFilter {
		return kinesisapi.QueueStreamFilter{StreamARN: api.Some(streamARN(name)), StreamCreationTimestamp: at}
	}
	created := h.state("s").CreatedAt
	for n, got := range map[int][][]string{
		maxConsumers - 1: {list(), list(of("p", api.Opt[time.Time]{}), of("s", api.Some(created)))},
		0:                {list(of("p", api.Opt[time.Time]{})), list(of("s", api.Some(created.Add(time.Hour))))},
	} {
		for _, names := range got {
			if len(names) != n || !slices.IsSorted(names) {
				t.Errorf("%q are listed, want %d", names, n)
			}
		}
	}
	if n := len(h.queueARNs()); n != maxConsumers-1 {
		t.Fatalf("%d queues", n)
	}
	for i, arn := range h.queueARNs() {
		if i == maxQueuesPending {
			h.wantCode(h.deleteQueue(arn), "LimitExceededException")
			break
		}
		h.must(h.deleteQueue(arn))
	}
}

// queueARNs returns the ARNs of the queues, by name.
func (h *harness) queueARNs() (all []string) {
	h.t.Helper()
	reg := h.queueRegistry(testAccount, testRegion)
	entries, err := reg.list(h.t.Context())
	h.must(err)
	for _, e := range entries {
		all = append(all, reg.key(e).arn())
	}
	return all
}

// settleQueues moves the clock until every queue is at rest, or gone.
func (h *harness) settleQueues() {
	h.t.Helper()
	h.eventually(func() string {
		for _, q := range h.allQueues() {
			d, err := q.describe(h.t.Context())
			if err == nil && !d.Due.IsZero() {
				h.clock.Advance(max(d.Due.Sub(h.clock.Now()), time.Millisecond))
				return "a queue stays " + d.Status
			}
		}
		return ""
	})
}

// queueInconsistency tells where registry, streams and partitions differ.
func (h *harness) queueInconsistency() string {
	h.t.Helper()
	entries, err := h.queueRegistry(testAccount, testRegion).list(h.t.Context())
	h.must(err)
	var want, linked []string
	for _, e := range entries {
		want = append(want, e.ID)
	}
	st := h.state("s")
	if st != nil {
		for _, l := range st.queues {
			linked = append(linked, l.ID)
		}
	}
	names, err := h.store.Partitions(h.t.Context(), queueRegistryName(testAccount, testRegion)+"/")
	h.must(err)
	for i, name := range names {
		names[i] = name[strings.LastIndexByte(name, '/')+1:]
	}
	slices.Sort(want)
	if !slices.Equal(want, linked) || !slices.Equal(want, names) {
		return fmt.Sprintf("the registry has %q, the stream %q, the store %q", want, linked, names)
	}
	return ""
}

func TestAQueueHasTagsAndAPolicy(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q", func(in *kinesisapi.CreateQueueInput) { in.Tags = map[string]string{"a": "1"} })
	h.must(h.TagResource(h.call(kinesisapi.OpTagResource), &kinesisapi.TagResourceInput{ResourceARN: api.Some(arn), Tags: map[string]string{"b": "2"}}))
	h.must(h.UntagResource(h.call(kinesisapi.OpUntagResource), &kinesisapi.UntagResourceInput{ResourceARN: api.Some(arn), TagKeys: []string{"a"}}))
	tags := new(kinesisapi.ListTagsForResourceOutput)
	h.must(h.ListTagsForResource(h.call(kinesisapi.OpListTagsForResource), &kinesisapi.ListTagsForResourceInput{ResourceARN: api.Some(arn)}, tags))
	if len(tags.Tags) != 1 || tags.Tags[0].Key.V != "b" || tags.Tags[0].Value.V != "2" {
		t.Errorf("%+v", tags.Tags)
	}
	policy := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kinesis:ReceiveQueueRecords","Resource":"` + arn + `"}]}`
	h.must(h.PutResourcePolicy(h.call(kinesisapi.OpPutResourcePolicy), &kinesisapi.PutResourcePolicyInput{ResourceARN: api.Some(arn), Policy: api.Some(policy)}))
	got := new(kinesisapi.GetResourcePolicyOutput)
	h.must(h.GetResourcePolicy(h.call(kinesisapi.OpGetResourcePolicy), &kinesisapi.GetResourcePolicyInput{ResourceARN: api.Some(arn)}, got))
	if got.Policy.V != policy {
		t.Errorf("%q", got.Policy.V)
	}
	h.must(h.DeleteResourcePolicy(h.call(kinesisapi.OpDeleteResourcePolicy), &kinesisapi.DeleteResourcePolicyInput{ResourceARN: api.Some(arn)}))
	// The delivery goes on with both.
	h.put("s", [2]string{"a", "1"})
	h.wantQueueData(h.receive(arn), "1")
	h.wantCode(h.TagResource(h.call(kinesisapi.OpTagResource), &kinesisapi.TagResourceInput{ResourceARN: api.Some(arn + "x"), Tags: map[string]string{"b": "2"}}), "ResourceNotFoundException")
	ctx := h.callAs(kinesisapi.OpTagResource, "111111111111", testRegion)
	h.wantCode(h.TagResource(ctx, &kinesisapi.TagResourceInput{ResourceARN: api.Some(arn), Tags: map[string]string{"b": "2"}}), "AccessDeniedException")
}

// What creates and deletes a queue is cut off after each of its commits, with the
// commit in flight lost or kept: it is then not begun or comes to its end.
func TestQueuesKilledAtEachCommit(t *testing.T) {
	for name, op := range map[string]func(h *harness, arn string) error{
		"create": func(h *harness, _ string) error { _, err := h.tryCreateQueue("new", "s"); return err },
		"delete": func(h *harness, arn string) error { return h.deleteQueue(arn) },
		"update": func(h *harness, arn string) error { return h.changeQueue(arn) },
	} {
		for _, delay := range []time.Duration{0, 500 * time.Millisecond} {
			for _, kept := range []int{0, 100} {
				t.Run(fmt.Sprintf("%s in %v with %d%% kept", name, delay, kept), func(t *testing.T) {
					for commits := 0; ; commits++ {
						if queueKilledAfter(t, op, delay, commits, kept) {
							if commits < 2 {
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

func queueKilledAfter(t *testing.T, op func(*harness, string) error, delay time.Duration, commits, kept int) (ended bool) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = delay })
	h.createOnDemand("s")
	h.put("s", [2]string{"a", "1"}, [2]string{"b", "2"})
	arn := h.createQueue("q")
	h.settleQueues()
	held := h.receive(arn)[:1] // of two
	crashed, ended, err := h.store.Cut(t.Context(), commits, kept, rand.New(rand.NewPCG(uint64(commits), 1)), func(ctx context.Context) error {
		err := op(h, arn)
		for err == nil && ctx.Err() == nil && h.queuesPending(ctx) {
			h.clock.Advance(10 * time.Millisecond)
			runtime.Gosched()
		}
		return err
	})
	h.must(err)

	after := &harness{t: t, clock: h.clock, store: crashed}
	after.start(func(o *Options) { o.TransitionDelay = delay })
	t.Cleanup(func() { after.Close() })
	after.settleQueues()
	after.eventually(after.queueInconsistency)
	for _, of := range after.queueARNs() {
		d, err := after.describeQueue(of)
		after.must(err)
		if d.QueueStatus.V != active {
			t.Errorf("after %d commits %s stays %s", commits, d.QueueName.V, d.QueueStatus.V)
		}
		if of == arn {
			after.ack(of, held...) // what was leased before is leased still
			after.clock.Advance(lease)
			after.wantQueueData(after.receiveAll(of), string([]byte{'1' + '2' - held[0].Data[0]}))
		} else {
			after.wantQueueData(after.receiveAll(of), "1", "2")
		}
	}
	return ended
}

// queuesPending reports whether a queue has a transition ahead, or only its entry.
func (h *harness) queuesPending(ctx context.Context) bool {
	reg := h.queueRegistry(testAccount, testRegion)
	entries, err := reg.list(ctx)
	if err != nil {
		return true
	}
	for _, e := range entries {
		if d, err := h.describeEntry(ctx, reg.key(e), e); err != nil || e.Deleting || !d.Due.IsZero() {
			return true
		}
	}
	return false
}

// A queue whose rows are gone is there, for all who ask, until its name is free.
func TestAQueueIsThereUntilItsNameIsFree(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q")
	key, _ := parseQueueARN(arn)
	reg := h.queueRegistry(key.account, key.region)
	h.must(reg.change(t.Context(), "q", key.id, func(e *queueEntry) bool {
		e.Deleting = true
		return true
	}))
	h.must(h.store.Partition(key.partition()).Drop(t.Context()))

	_, err := h.tryCreateQueue("q", "s")
	h.wantCode(err, "ResourceInUseException")
	d, err := h.describeQueue(arn)
	h.must(err)
	var listed kinesisapi.ListQueuesOutput
	h.must(h.ListQueues(h.call(kinesisapi.OpListQueues), &kinesisapi.ListQueuesInput{}, &listed))
	if d.QueueName.V != "q" || d.QueueStatus.V != deleting || len(listed.QueueSummaries) != 1 || listed.QueueSummaries[0].QueueStatus.V != deleting {
		t.Errorf("described as %+v, listed as %+v", d, listed)
	}
	_, err = h.tryReceive(arn, askedOfQueue{})
	h.wantCode(err, "ResourceNotFoundException")

	h.must(h.reconcileQueues(t.Context()))
	_, err = h.describeQueue(arn)
	h.wantCode(err, "ResourceNotFoundException")
	h.createQueue("q")
}

// Where a commit fails, or the partition is another server's for a while, what
// was not committed is as if it had not been.
func TestAQueueSurvivesLossAndFailures(t *testing.T) {
	for _, fate := range []memstore.Fate{memstore.Dropped, memstore.Applied} {
		t.Run(fmt.Sprint(fate), func(t *testing.T) {
			h := newQueueHarness(t)
			arn := h.createQueue("q")
			h.put("s", [2]string{"a", "1"}, [2]string{"a", "2"}, [2]string{"a", "3"})
			one, err := h.tryReceive(arn, askedOfQueue{max: api.Some(int32(1))})
			h.must(err)
			h.store.FailCommits(store.ErrUnknownOutcome, 1, fate)
			if _, err := h.tryReceive(arn, askedOfQueue{max: api.Some(int32(1))}); !errors.Is(err, store.ErrUnknownOutcome) {
				t.Errorf("a failed receive: %v", err)
			}
			want := []string{"2", "3"}
			if fate == memstore.Applied {
				want = []string{"3"} // the other is leased to nobody until its time
			}
			h.wantQueueData(h.receive(arn), want...)
			key, _ := parseQueueARN(arn)
			h.store.Lose(key.partition(), fate)
			if _, err := h.tryReceive(arn, askedOfQueue{}); !errors.Is(err, store.ErrNotOwner) {
				t.Errorf("without the partition: %v", err)
			}
			h.store.Regain(key.partition())
			h.ack(arn, one...)
			h.clock.Advance(lease)
			h.wantQueueData(h.receive(arn), "2", "3")
		})
	}
}

// Another owner may have made as many commits as this one believes it made.
func TestAnotherOwnersCommitsAreSeen(t *testing.T) {
	h := newQueueHarness(t)
	arn := h.createQueue("q")
	h.put("s", [2]string{"a", "1"}, [2]string{"a", "2"})
	h.store.FailCommits(store.ErrUnknownOutcome, 1, memstore.Dropped)
	if _, err := h.tryReceive(arn, askedOfQueue{max: api.Some(int32(1))}); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("a failed receive: %v", err)
	}
	key, _ := parseQueueARN(arn)
	h.store.Lose(key.partition(), memstore.Dropped)
	h.store.Regain(key.partition())
	other := &harness{t: t, clock: h.clock, store: h.store}
	other.start()
	defer other.Close()
	h.wantQueueData(other.receive(arn), "1", "2")
	h.store.Lose(key.partition(), memstore.Dropped)
	h.store.Regain(key.partition())
	h.wantQueueData(h.receive(arn))
}

// A creation that fails half done comes to its end by itself, or has not begun.
func TestACreationThatFailsIsCompleted(t *testing.T) {
	for _, fate := range []memstore.Fate{memstore.Dropped, memstore.Applied} {
		for commits := range 3 {
			t.Run(fmt.Sprintf("%v after %d", fate, commits), func(t *testing.T) {
				h := newQueueHarness(t)
				h.put("s", [2]string{"a", "1"})
				h.store.Hold()
				done := make(chan error, 1)
				go func() { _, err := h.tryCreateQueue("q", "s"); done <- err }()
				h.store.Step(commits)
				h.must(h.store.AwaitHeld(t.Context()))
				h.store.FailCommits(store.ErrUnknownOutcome, 1, fate)
				h.store.Release()
				if err := <-done; !errors.Is(err, store.ErrUnknownOutcome) {
					t.Fatalf("the creation ends with %v", err)
				}
				h.eventually(func() string {
					h.clock.Advance(retryDelay)
					if h.queuesPending(t.Context()) {
						return "the queue is not completed"
					}
					return h.queueInconsistency()
				})
				for _, arn := range h.queueARNs() {
					h.wantQueueData(h.receive(arn), "1")
					return
				}
				if commits > 0 {
					t.Error("its name was reserved, and there is no queue")
				}
				h.createQueue("q")
			})
		}
	}
}
