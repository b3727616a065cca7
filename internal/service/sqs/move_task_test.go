package sqs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

func (r *rig) startTask(source, destination string, rate int32) (string, error) {
	in := &sqsapi.StartMessageMoveTaskRequest{SourceArn: api.Some(arnOf(source))}
	if destination != "" {
		in.DestinationArn = api.Some(arnOf(destination))
	}
	if rate != 0 {
		in.MaxNumberOfMessagesPerSecond = api.Some(rate)
	}
	var out sqsapi.StartMessageMoveTaskResult
	err := r.StartMessageMoveTask(r.ctx(sqsapi.OpStartMessageMoveTask), in, &out)
	return out.TaskHandle.V, err
}

// mustStart starts a task.
func (r *rig) mustStart(source, destination string, rate int32) string {
	r.t.Helper()
	handle, err := r.startTask(source, destination, rate)
	if err != nil {
		r.t.Fatal(err)
	}
	return handle
}

func (r *rig) tasks(source string) []sqsapi.ListMessageMoveTasksResultEntry {
	r.t.Helper()
	var out sqsapi.ListMessageMoveTasksResult
	in := &sqsapi.ListMessageMoveTasksRequest{SourceArn: api.Some(arnOf(source)), MaxResults: api.Some[int32](10)}
	if err := r.ListMessageMoveTasks(r.ctx(sqsapi.OpListMessageMoveTasks), in, &out); err != nil {
		r.t.Fatal(err)
	}
	return out.Results
}

// wantTask checks the newest task of a queue.
func (r *rig) wantTask(source, status string, moved int64) sqsapi.ListMessageMoveTasksResultEntry {
	r.t.Helper()
	all := r.tasks(source)
	if len(all) == 0 {
		r.t.Fatal("there are no tasks")
	}
	if e := all[0]; e.Status.V != status || e.ApproximateNumberOfMessagesMoved.V != moved || e.TaskHandle.Set != (status == taskRunning) {
		r.t.Errorf("the task is %+v, want %s with %d moved", e, status, moved)
	}
	return all[0]
}

// deadLetters makes a queue and its dead-letter queue, which holds n messages.
func (r *rig) deadLetters(suffix string, n int) (dead, orders string) {
	r.t.Helper()
	attributes, fifo := redrive("dead"+suffix, 1), map[string]string(nil)
	if suffix != "" {
		attributes["FifoQueue"], fifo = "true", map[string]string{"FifoQueue": "true"}
	}
	r.create("dead"+suffix, fifo)
	orders = r.create("orders"+suffix, attributes)
	for i := range n {
		group, dedup := "g", ""
		if suffix != "" { // groups of their own, so that all can be received at once
			group, dedup = "g"+strconv.Itoa(i), strconv.Itoa(i)
		}
		r.send(orders, strconv.Itoa(i), group, dedup)
	}
	r.die(orders, 1)
	return urlPrefix + "dead" + suffix, orders
}

func TestMoveTask(t *testing.T) {
	for _, suffix := range []string{"", ".fifo"} {
		for _, destination := range []string{"", "other"} {
			r := newRig(t)
			dead, _ := r.deadLetters(suffix, 250)
			to := "orders" + suffix
			if destination != "" {
				to, destination = "other"+suffix, "other"+suffix
				attributes := map[string]string{}
				if suffix != "" {
					attributes["FifoQueue"] = "true"
				}
				r.create(to, attributes)
			}
			before := r.receive(dead, 1, func(in *sqsapi.ReceiveMessageRequest) { in.VisibilityTimeout = api.Some[int32](0) })
			r.mustStart("dead"+suffix, destination, 0)
			r.untilMoved()
			e := r.wantTask("dead"+suffix, taskCompleted, 250)
			if e.ApproximateNumberOfMessagesToMove.V != 250 || e.DestinationArn.Set != (destination != "") || e.StartedTimestamp.V != r.clock.Now().UnixMilli() {
				t.Errorf("the task is %+v", e)
			}
			r.wantRows("dead"+suffix, 0)
			r.wantRows(to, 250)
			r.wantCounts("dead"+suffix, 0, 0, 0)
			r.wantCounts(to, 250, 0, 0)
			got := r.receive(urlPrefix+to, 1)
			r.wantBodies(got, "0 ")
			a := got[0].Attributes
			if _, source := a["DeadLetterQueueSourceArn"]; source || got[0].MessageId == before[0].MessageId || a["ApproximateReceiveCount"] != "1" ||
				a["SentTimestamp"] != strconv.FormatInt(r.clock.Now().UnixMilli(), 10) || !strings.HasPrefix(a["MessageGroupId"], "g") {
				t.Errorf("the message came back with %v", a)
			}
		}
	}
}

func TestMoveTaskRefuses(t *testing.T) {
	r := newRig(t)
	r.deadLetters("", 3)
	r.create("dead.fifo", map[string]string{"FifoQueue": "true"})
	for _, c := range []struct{ source, destination, code string }{
		{"none", "", "ResourceNotFoundException"},
		{"dead", "none", "ResourceNotFoundException"},
		{"orders", "", "InvalidParameterValueException"},
		{"dead", "dead", "InvalidParameterValueException"},
		{"dead", "dead.fifo", "InvalidParameterValueException"},
	} {
		_, err := r.startTask(c.source, c.destination, 0)
		wantCode(t, err, c.code)
	}
	for _, rate := range []int32{-1, 501} {
		_, err := r.startTask("dead", "", rate)
		wantCode(t, err, "InvalidParameterValueException")
	}
	handle := r.mustStart("dead", "", 1)
	_, err := r.startTask("dead", "", 0)
	wantCode(t, err, "InvalidParameterValueException")
	cancel := func(handle string) error {
		return r.CancelMessageMoveTask(r.ctx(sqsapi.OpCancelMessageMoveTask), &sqsapi.CancelMessageMoveTaskRequest{TaskHandle: api.Some(handle)}, new(sqsapi.CancelMessageMoveTaskResult))
	}
	wantCode(t, cancel("nonsense"), "InvalidParameterValueException")
	wantCode(t, cancel(taskHandle{"x", arnOf("dead")}.encode()), "ResourceNotFoundException")
	wantCode(t, cancel(taskHandle{"x", arnOf("none")}.encode()), "ResourceNotFoundException")
	if err := cancel(handle); err != nil {
		t.Fatal(err)
	}
	r.untilMoved()
	wantCode(t, cancel(handle), "UnsupportedOperation")
}

// until turns the clock on by steps until a condition holds.
func (r *rig) until(step time.Duration, f func() bool) {
	for !f() {
		r.clock.Advance(step)
		runtime.Gosched()
	}
}

func TestMoveTaskKeepsItsRate(t *testing.T) {
	r := newRig(t)
	r.deadLetters("", 30)
	began := r.clock.Now()
	r.mustStart("dead", "", 20)
	moved := func() int64 { return r.tasks("dead")[0].ApproximateNumberOfMessagesMoved.V }
	for n := int64(0); n < 30; {
		if n = moved(); n > 2+int64(r.clock.Now().Sub(began)/time.Millisecond)*20/1000 {
			t.Fatalf("%d messages were moved in %v", n, r.clock.Now().Sub(began))
		}
		if r.clock.Timers() > 1 { // the sweep's, and that of the task: it waits
			r.clock.Advance(10 * time.Millisecond)
		}
		runtime.Gosched()
	}
	if d := r.clock.Now().Sub(began); d < 1300*time.Millisecond || d > 1700*time.Millisecond {
		t.Errorf("30 messages at 20 a second took %v", d)
	}
	r.until(100*time.Millisecond, r.idle)
	r.wantTask("dead", taskCompleted, 30)
}

func TestMoveTaskIsCancelled(t *testing.T) {
	r := newRig(t)
	r.deadLetters("", 30)
	handle := r.mustStart("dead", "", 10)
	r.until(10*time.Millisecond, func() bool { return r.tasks("dead")[0].ApproximateNumberOfMessagesMoved.V >= 5 })
	var out sqsapi.CancelMessageMoveTaskResult
	if err := r.CancelMessageMoveTask(r.ctx(sqsapi.OpCancelMessageMoveTask), &sqsapi.CancelMessageMoveTaskRequest{TaskHandle: api.Some(handle)}, &out); err != nil {
		t.Fatal(err)
	}
	r.untilMoved()
	e := r.tasks("dead")[0]
	n := e.ApproximateNumberOfMessagesMoved.V
	if e.Status.V != taskCancelled || n < out.ApproximateNumberOfMessagesMoved.V || n > out.ApproximateNumberOfMessagesMoved.V+1 {
		t.Errorf("cancelled with %d moved: %+v", out.ApproximateNumberOfMessagesMoved.V, e)
	}
	r.wantCounts("dead", 30-n, 0, 0)
	r.wantCounts("orders", n, 0, 0)
	r.mustStart("dead", "", 0)
	r.untilMoved()
	r.wantCounts("orders", 30, 0, 0)
}

func TestMoveTaskGoesOnAfterRestart(t *testing.T) {
	r := newRig(t)
	r.deadLetters("", 30)
	r.mustStart("dead", "", 100)
	r.until(10*time.Millisecond, func() bool { return r.tasks("dead")[0].ApproximateNumberOfMessagesMoved.V >= 10 })
	r.restart()
	r.until(10*time.Millisecond, func() bool { return r.tasks("dead")[0].Status.V == taskCompleted })
	r.untilMoved()
	r.wantTask("dead", taskCompleted, 30)
	r.wantRows("dead", 0)
	r.wantRows("orders", 30)
}

func TestMoveTaskLosesItsDestination(t *testing.T) {
	for _, suffix := range []string{"", ".fifo"} {
		r := newRig(t)
		r.deadLetters(suffix, 30)
		attributes := map[string]string{}
		if suffix != "" {
			attributes["FifoQueue"] = "true"
		}
		r.create("other"+suffix, attributes)
		r.mustStart("dead"+suffix, "other"+suffix, 100)
		r.until(10*time.Millisecond, func() bool { return r.tasks("dead" + suffix)[0].ApproximateNumberOfMessagesMoved.V >= 10 })
		if err := r.DeleteQueue(r.ctx(sqsapi.OpDeleteQueue), &sqsapi.DeleteQueueRequest{QueueUrl: api.Some(urlPrefix + "other" + suffix)}); err != nil {
			t.Fatal(err)
		}
		r.until(10*time.Millisecond, r.idle)
		e := r.tasks("dead" + suffix)[0]
		n := e.ApproximateNumberOfMessagesMoved.V
		if e.Status.V != taskFailed || e.FailureReason.V != targetGone || n < 10 {
			t.Errorf("the task is %+v", e)
		}
		r.wantCounts("dead"+suffix, 30-n, 0, 0)
		r.wantRows("dead"+suffix, int(30-n))
		if got := r.receive(urlPrefix+"dead"+suffix, 1); len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "2" || got[0].Body.V != fmt.Sprint(n) {
			t.Errorf("after %d were moved the queue has %+v", n, got)
		}
	}
}

// TestMoveTaskWithoutSource: a message that was sent to the dead-letter queue came
// from nowhere.
func TestMoveTaskWithoutSource(t *testing.T) {
	r := newRig(t)
	dead, _ := r.deadLetters("", 1)
	r.send(dead, "direct", "", "")
	r.mustStart("dead", "", 0)
	r.untilMoved()
	if e := r.wantTask("dead", taskFailed, 1); e.FailureReason.V != noSource {
		t.Errorf("the task is %+v", e)
	}
	r.wantBodies(r.receive(dead, 10), "direct ")
	for range 12 {
		r.clock.Advance(time.Second)
		r.mustStart("dead", "orders", 0)
		r.untilMoved()
	}
	if n := len(r.tasks("dead")); n != keptTasks || r.rows("dead", "k/") != keptTasks {
		t.Errorf("%d tasks are listed, %d stored", n, r.rows("dead", "k/"))
	}
}

// TestMoveTaskKilledAtEachCommit cuts a task off after each of its commits.
func TestMoveTaskKilledAtEachCommit(t *testing.T) {
	cutAtEachCommit(t, 8, taskAfter)
}

func taskAfter(t *testing.T, suffix string, kept, commits int) (ended bool) {
	r := newRig(t)
	_, url := r.deadLetters(suffix, 130)
	crashed, ended, err := r.store.Cut(t.Context(), commits, kept, rand.New(rand.NewPCG(uint64(commits), uint64(kept))), func(ctx context.Context) error {
		_, _ = r.startTask("dead"+suffix, "", 0)
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
	over2 := func() bool {
		all := after.tasks("dead" + suffix)
		return len(all) == 0 || all[0].Status.V == taskCompleted
	}
	for !over2() || after.rows("orders"+suffix, "i/") > 0 {
		runtime.Gosched()
	}
	after.untilMoved()
	if len(after.tasks("dead"+suffix)) == 0 { // that was lost
		after.mustStart("dead"+suffix, "", 0)
		after.untilMoved()
	}
	after.wantTask("dead"+suffix, taskCompleted, 130)
	after.wantRows("dead"+suffix, 0)
	after.wantRows("orders"+suffix, 130)
	seen := map[string]bool{}
	for range 13 {
		for _, m := range after.receive(url, 10) {
			seen[m.Body.V] = true
			if err := after.delete(url, m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(seen) != 130 {
		t.Errorf("after %d commits, %d%% of the next kept: %d messages are back", commits, kept, len(seen))
	}
	after.wantCounts("dead"+suffix, 0, 0, 0)
	after.wantCounts("orders"+suffix, 0, 0, 0)
	return ended
}

func TestListDeadLetterSourceQueues(t *testing.T) {
	r := newRig(t)
	dead := r.create("dead", nil)
	for _, name := range []string{"b", "a", "c"} {
		r.create(name, redrive("dead", 1))
	}
	r.create("d", nil)
	list := func(most int32, next api.Opt[string]) (out sqsapi.ListDeadLetterSourceQueuesResult, err error) {
		in := &sqsapi.ListDeadLetterSourceQueuesRequest{QueueUrl: api.Some(dead), NextToken: next}
		if most > 0 {
			in.MaxResults = api.Some(most)
		}
		return out, r.ListDeadLetterSourceQueues(r.ctx(sqsapi.OpListDeadLetterSourceQueues), in, &out)
	}
	names := func(out sqsapi.ListDeadLetterSourceQueuesResult) (s string) {
		for _, u := range out.QueueUrls {
			s += u[len(u)-1:]
		}
		return s
	}
	out, err := list(0, api.Opt[string]{})
	if err != nil || names(out) != "abc" || out.NextToken.Set {
		t.Errorf("listed %v, %v", out, err)
	}
	out, err = list(2, api.Opt[string]{})
	if err != nil || names(out) != "ab" || !out.NextToken.Set {
		t.Fatalf("listed %v, %v", out, err)
	}
	out, err = list(2, out.NextToken)
	if err != nil || names(out) != "c" || out.NextToken.Set {
		t.Errorf("listed %v, %v", out, err)
	}
	_, err = list(2, api.Some("nonsense"))
	wantCode(t, err, "InvalidParameterValueException")
}

// TestBackInFront: messages that come back to a FIFO queue are the first of their
// groups, wherever those stand.
func TestBackInFront(t *testing.T) {
	r := newRig(t)
	url := r.create("orders.fifo", map[string]string{"FifoQueue": "true"})
	for i := range 3 {
		r.send(url, "a"+strconv.Itoa(i), "a", "a"+strconv.Itoa(i))
	}
	r.send(url, "b0", "b", "b0")
	key := testKey("orders.fifo")
	var taken []inflight.Item
	take := func(n int) {
		taken = nil
		err := r.update(context.Background(), key, func(tx store.Tx, _ *queue, m *memory) error {
			rc := &receiving{now: r.now(), until: r.now() + 1000, max: n, limit: 1000}
			if err := m.order.receive(tx, rc); err != nil {
				return err
			}
			for _, d := range rc.out {
				it, err := m.order.leave(tx, d.item, r.now())
				if err != nil {
					return err
				}
				taken = append(taken, it)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	back := func(groups ...string) {
		err := r.update(context.Background(), key, func(tx store.Tx, _ *queue, m *memory) error {
			for i := range taken {
				if err := m.order.back(tx, taken[i], groups[i], r.now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	take(4)
	r.wantCounts("orders.fifo", 0, 0, 0)
	back("a", "a", "a", "b") // to lanes that were gone
	r.wantCounts("orders.fifo", 4, 0, 0)
	take(2)
	back("a", "a") // to a lane of the directory
	r.wantCounts("orders.fifo", 4, 0, 0)
	take(1)
	got := r.receive(url, 1)
	r.wantBodies(got, "a1 ")
	back("a") // to a lane with messages in flight
	r.wantCounts("orders.fifo", 3, 1, 0)
	r.wantBodies(r.receive(url, 10), "a0 b0 ")
	r.clock.Advance(30 * time.Second)
	r.wantBodies(r.receive(url, 10), "a0 a1 a2 b0 ")
}
