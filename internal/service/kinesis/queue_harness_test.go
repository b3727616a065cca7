package kinesis

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// newQueueHarness is a harness with the on-demand stream "s", where transitions
// take no time.
func newQueueHarness(t *testing.T, edit ...func(*Options)) *harness {
	t.Helper()
	h := newHarness(t, append([]func(*Options){func(o *Options) { o.TransitionDelay = 0 }}, edit...)...)
	h.createOnDemand("s")
	return h
}

func (h *harness) tryCreateQueue(name, stream string, edit ...func(*kinesisapi.CreateQueueInput)) (*kinesisapi.QueueDescription, error) {
	in := &kinesisapi.CreateQueueInput{
		QueueName: api.Some(name),
		StreamConfigurationList: []kinesisapi.QueueStreamConfiguration{{
			StreamARN: api.Some(streamARN(stream)), StartingPosition: &kinesisapi.QueueStartingPosition{Type: api.Some("TRIM_HORIZON")},
		}},
	}
	for _, f := range edit {
		f(in)
	}
	out := new(kinesisapi.CreateQueueOutput)
	err := h.CreateQueue(h.call(kinesisapi.OpCreateQueue), in, out)
	return out.QueueDescription, err
}

// createQueue makes a queue on the stream "s" from its horizon, and returns its ARN.
func (h *harness) createQueue(name string, edit ...func(*kinesisapi.CreateQueueInput)) string {
	h.t.Helper()
	d, err := h.tryCreateQueue(name, "s", edit...)
	h.must(err)
	return d.QueueARN.V
}

// maxReceives sets the number of receives after which records are dead letters.
func maxReceives(n int32) func(*kinesisapi.CreateQueueInput) {
	return func(in *kinesisapi.CreateQueueInput) {
		in.QueueAttributes = &kinesisapi.QueueAttributes{DeadLetterConfiguration: builtIn(n)}
	}
}

func builtIn(n int32) *kinesisapi.DeadLetterConfiguration {
	return &kinesisapi.DeadLetterConfiguration{TargetType: api.Some("BUILT_IN"), MaxReceiveCount: api.Some(n)}
}

func (h *harness) describeQueue(arn string) (*kinesisapi.QueueDescription, error) {
	out := new(kinesisapi.DescribeQueueOutput)
	err := h.DescribeQueue(h.call(kinesisapi.OpDescribeQueue), &kinesisapi.DescribeQueueInput{QueueARN: api.Some(arn)}, out)
	return out.QueueDescription, err
}

func (h *harness) deleteQueue(arn string) error {
	return h.DeleteQueue(h.call(kinesisapi.OpDeleteQueue), &kinesisapi.DeleteQueueInput{QueueARN: api.Some(arn)})
}

// asking is a receive under way.
type asking struct {
	h       *harness
	q       *queue
	leave   context.CancelFunc
	records []kinesisapi.QueueRecord
	err     error
	done    chan struct{}
}

// ask begins a receive.
func (h *harness) ask(arn string, a askedOfQueue) *asking {
	h.t.Helper()
	key, ok := parseQueueARN(arn)
	if !ok {
		h.t.Fatalf("%q is no ARN of a queue", arn)
	}
	q, err := h.queue(h.t.Context(), key)
	h.must(err)
	op := kinesisapi.OpReceiveQueueRecords
	if a.dead {
		op = kinesisapi.OpReceiveDeadLetterQueueRecords
	}
	ctx, leave := context.WithCancel(h.call(op))
	r := &asking{h: h, q: q, leave: leave, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		if a.dead {
			out := new(kinesisapi.ReceiveDeadLetterQueueRecordsOutput)
			r.err = h.ReceiveDeadLetterQueueRecords(ctx, &kinesisapi.ReceiveDeadLetterQueueRecordsInput{QueueARN: api.Some(arn), Limit: a.max, WaitTimeSeconds: a.wait, VisibilityTimeoutSeconds: a.visibility}, out)
			r.records = out.QueueRecords
			return
		}
		out := new(kinesisapi.ReceiveQueueRecordsOutput)
		r.err = h.ReceiveQueueRecords(ctx, &kinesisapi.ReceiveQueueRecordsInput{QueueARN: api.Some(arn), Limit: a.max, WaitTimeSeconds: a.wait, VisibilityTimeoutSeconds: a.visibility}, out)
		r.records = out.QueueRecords
	}()
	return r
}

// over reports whether the receive has returned.
func (r *asking) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// waits waits until n receives wait in the queue.
func (r *asking) waits(n int) {
	r.h.t.Helper()
	r.h.eventually(func() string {
		if r.q.waitLive.Len()+r.q.waitDead.Len() != n {
			return "the receives do not wait"
		}
		return ""
	})
}

// result waits for the receive.
func (r *asking) result() []kinesisapi.QueueRecord {
	r.h.t.Helper()
	r.h.eventually(func() string {
		if !r.over() {
			return "the receive does not return"
		}
		return ""
	})
	r.h.must(r.err)
	return r.records
}

// tryReceive receives what can be had now. A receive that begins to wait leaves.
func (h *harness) tryReceive(arn string, a askedOfQueue) ([]kinesisapi.QueueRecord, error) {
	h.t.Helper()
	r := h.ask(arn, a)
	defer r.leave()
	h.eventually(func() string {
		if r.over() {
			return ""
		}
		if r.q.waitLive.Len()+r.q.waitDead.Len() > 0 {
			h.must(ignoreNoQueue(r.q.arm(h.t.Context()))) // what it has changed is committed by then
			r.leave()
		}
		return "the receive does not return"
	})
	if errors.Is(r.err, context.Canceled) {
		return nil, nil
	}
	return r.records, r.err
}

func (h *harness) receive(arn string) []kinesisapi.QueueRecord {
	h.t.Helper()
	records, err := h.tryReceive(arn, askedOfQueue{})
	h.must(err)
	return records
}

func (h *harness) receiveDead(arn string) []kinesisapi.QueueRecord {
	h.t.Helper()
	records, err := h.tryReceive(arn, askedOfQueue{dead: true})
	h.must(err)
	return records
}

// receiveAll receives until there is nothing more.
func (h *harness) receiveAll(arn string) (all []kinesisapi.QueueRecord) {
	h.t.Helper()
	for {
		records := h.receive(arn)
		if len(records) == 0 {
			return all
		}
		all = append(all, records...)
	}
}

// queueData returns the contents of records, sorted.
func queueData(records []kinesisapi.QueueRecord) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, string(r.Data))
	}
	slices.Sort(out)
	return out
}

func (h *harness) wantQueueData(records []kinesisapi.QueueRecord, want ...string) {
	h.t.Helper()
	if got := queueData(records); !slices.Equal(got, want) {
		h.t.Fatalf("got %q, want %q", got, want)
	}
}

// ack acknowledges records; it fails the test where one is refused.
func (h *harness) ack(arn string, records ...kinesisapi.QueueRecord) {
	h.t.Helper()
	for _, r := range records {
		if code := h.tryAck(arn, r); code != "" {
			h.t.Fatalf("%s is not acknowledged: %s", r.Data, code)
		}
	}
}

// tryAck acknowledges a record and returns the error code.
func (h *harness) tryAck(arn string, r kinesisapi.QueueRecord) string {
	h.t.Helper()
	out := new(kinesisapi.AcknowledgeQueueRecordsOutput)
	h.must(h.AcknowledgeQueueRecords(h.call(kinesisapi.OpAcknowledgeQueueRecords), &kinesisapi.AcknowledgeQueueRecordsInput{
		QueueARN: api.Some(arn), Entries: []kinesisapi.AcknowledgeQueueRecordsRequestEntry{{ReceiptHandle: r.ReceiptHandle}},
	}, out))
	if len(out.Failed) > 0 {
		return out.Failed[0].ErrorCode.V
	}
	return ""
}

func (h *harness) tryAckDead(arn string, r kinesisapi.QueueRecord) string {
	h.t.Helper()
	out := new(kinesisapi.AcknowledgeDeadLetterQueueRecordsOutput)
	h.must(h.AcknowledgeDeadLetterQueueRecords(h.call(kinesisapi.OpAcknowledgeDeadLetterQueueRecords), &kinesisapi.AcknowledgeDeadLetterQueueRecordsInput{
		QueueARN: api.Some(arn), Entries: []kinesisapi.AcknowledgeDeadLetterQueueRecordsRequestEntry{{ReceiptHandle: r.ReceiptHandle}},
	}, out))
	if len(out.Failed) > 0 {
		return out.Failed[0].ErrorCode.V
	}
	return ""
}

func (h *harness) tryRestore(arn string, r kinesisapi.QueueRecord) string {
	h.t.Helper()
	out := new(kinesisapi.RestoreDeadLetterQueueRecordsOutput)
	h.must(h.RestoreDeadLetterQueueRecords(h.call(kinesisapi.OpRestoreDeadLetterQueueRecords), &kinesisapi.RestoreDeadLetterQueueRecordsInput{
		QueueARN: api.Some(arn), Entries: []kinesisapi.RestoreDeadLetterQueueRecordsRequestEntry{{ReceiptHandle: r.ReceiptHandle}},
	}, out))
	if len(out.Failed) > 0 {
		return out.Failed[0].ErrorCode.V
	}
	return ""
}

// tryShow changes when a record can be received again.
func (h *harness) tryShow(arn string, r kinesisapi.QueueRecord, seconds int32) string {
	h.t.Helper()
	out := new(kinesisapi.UpdateQueueRecordsVisibilityOutput)
	h.must(h.UpdateQueueRecordsVisibility(h.call(kinesisapi.OpUpdateQueueRecordsVisibility), &kinesisapi.UpdateQueueRecordsVisibilityInput{
		QueueARN: api.Some(arn), Entries: []kinesisapi.UpdateQueueRecordsVisibilityRequestEntry{{ReceiptHandle: r.ReceiptHandle, VisibilityTimeoutSeconds: api.Some(seconds)}},
	}, out))
	if len(out.Failed) > 0 {
		return out.Failed[0].ErrorCode.V
	}
	return ""
}

func (h *harness) tryShowDead(arn string, r kinesisapi.QueueRecord, seconds int32) string {
	h.t.Helper()
	out := new(kinesisapi.UpdateDeadLetterQueueRecordsVisibilityOutput)
	h.must(h.UpdateDeadLetterQueueRecordsVisibility(h.call(kinesisapi.OpUpdateDeadLetterQueueRecordsVisibility), &kinesisapi.UpdateDeadLetterQueueRecordsVisibilityInput{
		QueueARN: api.Some(arn), Entries: []kinesisapi.UpdateDeadLetterQueueRecordsVisibilityRequestEntry{{ReceiptHandle: r.ReceiptHandle, VisibilityTimeoutSeconds: api.Some(seconds)}},
	}, out))
	if len(out.Failed) > 0 {
		return out.Failed[0].ErrorCode.V
	}
	return ""
}

const (
	invalidHandle = "InvalidArgumentException"
	noRecord      = "ResourceNotFoundException"
	lease         = 30*time.Second + time.Millisecond // of a queue by default, and past its end
)
