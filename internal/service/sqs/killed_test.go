package sqs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/clock"
)

// drain receives and deletes everything that can be had and returns the bodies,
// sorted.
func (r *rig) drain(url string) (all []string) {
	r.t.Helper()
	for {
		got := r.receive(url, 10)
		if len(got) == 0 {
			slices.Sort(all)
			return all
		}
		for _, m := range got {
			all = append(all, m.Body.V)
			r.must(r.delete(url, m))
		}
	}
}

// victim is an operation that is cut off, on a queue with the messages 0 to 9, of
// which 0 is held.
type victim struct {
	name    string
	commits int // it takes at least as many
	run     func(r *rig, url string, held sqsapi.Message) error
	// check looks at what a start after the crash finds; ok tells that the operation
	// was acknowledged.
	check func(r *rig, url string, held sqsapi.Message, ok bool)
}

// suffix is that of the queue's name.
func suffix(url string) string {
	if strings.HasSuffix(url, fifoSuffix) {
		return fifoSuffix
	}
	return ""
}

func typeOf(url string) map[string]string {
	if suffix(url) == "" {
		return nil
	}
	return map[string]string{"FifoQueue": "true"}
}

func (r *rig) wantDrained(url, what string, want ...[]string) {
	r.t.Helper()
	r.clock.Advance(time.Hour)
	got := r.drain(url)
	if !slices.ContainsFunc(want, func(w []string) bool { return slices.Equal(w, got) }) {
		r.t.Errorf("%s: the queue held %q, want one of %q", what, got, want)
	}
}

var victims = []victim{
	{"create", 2,
		func(r *rig, url string, _ sqsapi.Message) error {
			return r.tryCreate("new"+suffix(url), typeOf(url), nil)
		},
		func(r *rig, url string, _ sqsapi.Message, _ bool) {
			r.must(r.tryCreate("new"+suffix(url), typeOf(url), nil))
			fresh := urlPrefix + "new" + suffix(url)
			r.send(fresh, "first", typed(url, "g"), typed(url, "1"))
			r.wantDrained(fresh, "a new queue", []string{"first"})
		}},
	{"delete queue", 2,
		func(r *rig, url string, _ sqsapi.Message) error { return r.drop(strings.TrimPrefix(url, urlPrefix)) },
		func(r *rig, url string, _ sqsapi.Message, ok bool) {
			name := strings.TrimPrefix(url, urlPrefix)
			if there := r.SetQueueAttributes(r.ctx(sqsapi.OpSetQueueAttributes), &sqsapi.SetQueueAttributesRequest{QueueUrl: api.Some(url), Attributes: map[string]string{"DelaySeconds": "0"}}) == nil; there {
				if ok {
					r.t.Error("a queue came back that was deleted")
				}
				r.wantDrained(url, "a queue that was not deleted", ten(0))
				r.must(r.drop(name))
			}
			r.clock.Advance(time.Hour)
			r.must(r.tryCreate(name, typeOf(url), nil))
			r.wantDrained(url, "a queue made again", nil)
		}},
	{"send", 1,
		func(r *rig, url string, _ sqsapi.Message) error {
			entries := make([]sqsapi.SendMessageBatchRequestEntry, 3)
			for i := range entries {
				id := api.Some("x" + strconv.Itoa(i))
				entries[i] = sqsapi.SendMessageBatchRequestEntry{Id: id, MessageBody: id}
				if suffix(url) != "" {
					entries[i].MessageGroupId, entries[i].MessageDeduplicationId = api.Some("g"), id
				}
			}
			return r.SendMessageBatch(r.ctx(sqsapi.OpSendMessageBatch), &sqsapi.SendMessageBatchRequest{QueueUrl: api.Some(url), Entries: entries}, new(sqsapi.SendMessageBatchResult))
		},
		func(r *rig, url string, _ sqsapi.Message, ok bool) {
			with := append(ten(0), "x0", "x1", "x2")
			if ok {
				r.wantDrained(url, "after an acknowledged send", with)
			} else {
				r.wantDrained(url, "after a send without answer", with, ten(0))
			}
		}},
	{"receive", 1,
		func(r *rig, url string, _ sqsapi.Message) error {
			return r.ReceiveMessage(r.ctx(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some[int32](9)}, new(sqsapi.ReceiveMessageResult))
		},
		func(r *rig, url string, _ sqsapi.Message, ok bool) {
			if n := len(r.receive(url, 10)); ok && n > 0 {
				r.t.Errorf("%d messages were handed out to two receivers", n)
			}
			r.wantDrained(url, "after a receive", ten(0))
		}},
	{"delete message", 1,
		func(r *rig, url string, held sqsapi.Message) error { return r.delete(url, held) },
		func(r *rig, url string, held sqsapi.Message, ok bool) {
			if ok {
				r.wantDrained(url, "after an acknowledged deletion", ten(1))
				return
			}
			r.must(r.delete(url, held)) // the handle is good still
			r.wantDrained(url, "after a repeated deletion", ten(1))
		}},
	{"purge", 1,
		func(r *rig, url string, _ sqsapi.Message) error { return r.purge(strings.TrimPrefix(url, urlPrefix)) },
		func(r *rig, url string, _ sqsapi.Message, ok bool) {
			r.send(url, "later", typed(url, "g"), typed(url, "later"))
			purged := []string{"later"}
			if ok {
				r.wantDrained(url, "after an acknowledged purge", purged)
			} else {
				r.wantDrained(url, "after a purge without answer", purged, append(ten(0), "later"))
			}
		}},
}

// typed is s for a FIFO queue, else nothing.
func typed(url, s string) string {
	if suffix(url) == "" {
		return ""
	}
	return s
}

// ten are the bodies from n to 9.
func ten(n int) (all []string) {
	for ; n < 10; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// TestKilledAtEachCommit cuts operations off after each of their commits, with
// the commit in flight lost or kept, and starts again on what is left: they are
// then done or not begun, and done if they were acknowledged.
func TestKilledAtEachCommit(t *testing.T) {
	for _, v := range victims {
		for _, queue := range []string{"s", "s.fifo"} {
			for _, kept := range []int{0, 100} {
				t.Run(fmt.Sprintf("%s of %s with %d%% kept", v.name, queue, kept), func(t *testing.T) {
					commits := 0
					for !v.killedAfter(t, queue, commits, kept) {
						commits++
					}
					if commits < v.commits {
						t.Errorf("it ended after %d commits: the test does not cut it off", commits)
					}
				})
			}
		}
	}
}

// killedAfter runs the operation for a number of commits, and reports whether it
// came to its end by then.
func (v *victim) killedAfter(t *testing.T, queue string, commits, kept int) (ended bool) {
	r := newRig(t)
	url := r.create(queue, typeOf(queue))
	for i := range 10 {
		r.send(url, strconv.Itoa(i), typed(url, "group"+strconv.Itoa(i)), typed(url, strconv.Itoa(i)))
	}
	held := r.receive(url, 1)[0]
	crashed, ended, err := r.store.Cut(t.Context(), commits, kept, rand.New(rand.NewPCG(uint64(commits), uint64(kept))), func(context.Context) error {
		return v.run(r, url, held)
	})
	r.must(err)
	after := &rig{t: t, store: crashed, clock: clock.NewFake(r.clock.Now())}
	t.Cleanup(func() { _ = crashed.Close() })
	after.start()
	v.check(after, url, held, ended)
	return ended
}
