package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
)

// consumer receives from one queue and deletes most of what it gets, lets some
// come back, and tries old handles. It is used by one goroutine at a time.
type consumer struct {
	q        *queue
	id       uint32
	rnd      *rand.Rand
	receives []queues.Receive
	acts     []queues.Act
	old      []string // some handles from before
	attempts int      // receives that name themselves, which FIFO queues take
}

func newConsumer(q *queue, id uint32) *consumer {
	return &consumer{q: q, id: id, rnd: rand.New(rand.NewPCG(*crashSeed, uint64(id)))}
}

// receive makes one call. The error is of the connection: the outcome is unknown.
func (co *consumer) receive(ctx context.Context, c *sqs.Client, in *sqs.ReceiveMessageInput) ([]queues.Delivery, error) {
	in.QueueUrl = &co.q.url
	in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}
	r := queues.Receive{Call: begin(), Visibility: time.Duration(in.VisibilityTimeout) * time.Second}
	if in.VisibilityTimeout == 0 { // the SDK does not send it
		r.Visibility = co.q.visibility
	}
	out, err := c.ReceiveMessage(ctx, in)
	end(&r.Call, err)
	if err == nil {
		for _, m := range out.Messages {
			r.Messages = append(r.Messages, deliveryOf(&m))
		}
	}
	co.receives = append(co.receives, r)
	return r.Messages, err
}

func deliveryOf(m *types.Message) queues.Delivery {
	id, err := parseBody(*m.Body)
	d := queues.Delivery{
		ID: id, MessageID: *m.MessageId, Handle: *m.ReceiptHandle,
		Sequence: m.Attributes["SequenceNumber"], Group: m.Attributes["MessageGroupId"],
	}
	if err != nil {
		d.Damaged = err.Error()
	}
	if d.Count, err = strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err != nil {
		d.Damaged = err.Error()
	}
	return d
}

// delete deletes by handles, in one call.
func (co *consumer) delete(ctx context.Context, c *sqs.Client, handles ...string) error {
	call := begin()
	failed := make([]bool, len(handles))
	var err error
	if len(handles) == 1 {
		_, err = c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &co.q.url, ReceiptHandle: &handles[0]})
	} else {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &co.q.url}
		for i := range handles {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &handles[i]})
		}
		var out *sqs.DeleteMessageBatchOutput
		if out, err = c.DeleteMessageBatch(ctx, in); err == nil {
			for _, e := range out.Failed {
				i, err := strconv.Atoi(*e.Id)
				if err != nil || !co.stale(*e.Code) {
					return fmt.Errorf("entry %s of a batch of deletions: %s, %s", *e.Id, *e.Code, aws.ToString(e.Message))
				}
				failed[i] = true
			}
		}
	}
	end(&call, err)
	for i, h := range handles {
		a := queues.Act{Call: call, Handle: h, Delete: true}
		if failed[i] {
			a.Outcome = history.Refused
		}
		co.acts = append(co.acts, a)
	}
	return co.excuse(err)
}

// change changes a visibility.
func (co *consumer) change(ctx context.Context, c *sqs.Client, handle string, seconds int) error {
	a := queues.Act{Call: begin(), Handle: handle, Visibility: time.Duration(seconds) * time.Second}
	_, err := c.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &co.q.url, ReceiptHandle: &handle, VisibilityTimeout: int32(seconds)})
	end(&a.Call, err)
	co.acts = append(co.acts, a)
	return co.excuse(err)
}

// stale reports whether an error is what a handle gets that is not its message's
// newest, or whose message is gone.
func (co *consumer) stale(code string) bool {
	return code == "InvalidParameterValue" || code == "InvalidParameterValueException"
}

func (co *consumer) excuse(err error) error {
	if co.stale(code(err)) {
		return nil
	}
	return err
}

// named has a receive of a FIFO queue name itself: as the one before, where that
// has no answer and gets what it got now.
func (co *consumer) named(in *sqs.ReceiveMessageInput) {
	if !co.q.fifo() {
		return
	}
	if n := len(co.receives); n == 0 || co.receives[n-1].Outcome != history.Unknown {
		co.attempts++
	}
	in.ReceiveRequestAttemptId = aws.String(fmt.Sprintf("%d-%d", co.id, co.attempts))
}

// step receives, and does with what it gets one thing or another.
func (co *consumer) step(ctx context.Context, c *sqs.Client) error {
	in := &sqs.ReceiveMessageInput{MaxNumberOfMessages: int32(1 + co.rnd.IntN(10)), VisibilityTimeout: int32(co.rnd.IntN(3)), WaitTimeSeconds: int32(co.rnd.IntN(2))}
	co.named(in)
	got, err := co.receive(ctx, c, in)
	if err != nil {
		return err
	}
	var done []string
	for _, m := range got {
		switch n := co.rnd.IntN(20); {
		case n < 14:
			done = append(done, m.Handle)
		case n < 17:
			if err := co.change(ctx, c, m.Handle, co.rnd.IntN(3)); err != nil {
				return err
			}
		}
		if co.rnd.IntN(4) == 0 {
			co.old = append(co.old, m.Handle)
		}
	}
	for part := range slices.Chunk(done, 1+co.rnd.IntN(10)) {
		if err := co.delete(ctx, c, part...); err != nil {
			return err
		}
	}
	if len(co.old) < 20 {
		return nil
	}
	h := co.old[0]
	co.old = co.old[1:]
	if co.rnd.IntN(2) == 0 {
		return co.delete(ctx, c, h)
	}
	return co.change(ctx, c, h, co.rnd.IntN(2))
}

// empty receives once and deletes all that it gets.
func (co *consumer) empty(ctx context.Context, c *sqs.Client) (n int, err error) {
	got, err := co.receive(ctx, c, &sqs.ReceiveMessageInput{MaxNumberOfMessages: 10})
	if err != nil || len(got) == 0 {
		return 0, err
	}
	handles := make([]string, len(got))
	for i := range got {
		handles[i] = got[i].Handle
	}
	return len(got), co.delete(ctx, c, handles...)
}

// run goes on until ctx ends or the connection breaks.
func (co *consumer) run(ctx context.Context, c *sqs.Client) error {
	for ctx.Err() == nil {
		if err := co.step(ctx, c); err != nil {
			return err
		}
		pause(ctx, time.Duration(co.rnd.IntN(15))*time.Millisecond)
	}
	return nil
}
