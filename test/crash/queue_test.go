package crash

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/millrace/millrace/test/crash/history"
	"github.com/millrace/millrace/test/crash/history/queues"
	"github.com/millrace/millrace/test/sdk"
)

// queue is a queue of a site, with all who use it.
type queue struct {
	name, region string
	attributes   map[string]string
	url          string // as it was created: later servers have other ports

	visibility time.Duration // of the queue
	delay      time.Duration // of a FIFO queue's messages
	// dead gets what was received maxReceives times; nil for none.
	dead        *queue
	maxReceives int
	// settles is for how long the queue must have nothing to be empty: longer than
	// any lease and any delay.
	settles time.Duration

	senders   []*sender
	consumers []*consumer
	purges    []queues.Call
}

// newQueue returns one that gives leases of a second, and of two at most.
func newQueue(name, region string) *queue {
	q := &queue{name: name, region: region, attributes: map[string]string{"VisibilityTimeout": "1"}, visibility: time.Second, settles: 2500 * time.Millisecond}
	if q.fifo() {
		q.attributes["FifoQueue"] = "true"
	}
	return q
}

func (q *queue) fifo() bool { return len(q.name) > 5 && q.name[len(q.name)-5:] == ".fifo" }

// redrives makes dead a queue's dead-letter queue.
func (q *queue) redrives(maxReceives int, dead *queue) *queue {
	q.dead, q.maxReceives = dead, maxReceives
	q.attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:000000000000:%s","maxReceiveCount":%d}`, dead.region, dead.name, maxReceives)
	return q
}

// used gives the queue so many senders and consumers; ids tell senders apart.
func (q *queue) used(senders, consumers int, id uint32) *queue {
	for i := range senders {
		q.senders = append(q.senders, newSender(q, id+uint32(i)))
	}
	for i := range consumers {
		q.consumers = append(q.consumers, newConsumer(q, id+50+uint32(i)))
	}
	return q
}

// queues returns a client for a region that never tries again.
func (srv *server) queues(region string) *sqs.Client {
	return sdk.SQS(srv.HTTP(), region, accessKey, secretKey)
}

func (q *queue) create(ctx context.Context, c *sqs.Client) error {
	out, err := c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &q.name, Attributes: q.attributes})
	if err == nil {
		q.url = *out.QueueUrl
	}
	return err
}

// history is what all who use the queue have noted.
func (q *queue) history(drained bool) queues.Queue {
	h := queues.Queue{Name: q.region + "/" + q.name, FIFO: q.fifo(), Purges: q.purges, MaxReceives: q.maxReceives, Drained: drained}
	for _, s := range q.senders {
		h.Sends = append(h.Sends, s.sends...)
	}
	for _, c := range q.consumers {
		h.Receives = append(h.Receives, c.receives...)
		h.Acts = append(h.Acts, c.acts...)
	}
	if q.dead != nil {
		dead := q.dead.history(drained)
		h.Dead = &dead
	}
	return h
}

// depth is how many messages the server says that the queue has.
func (q *queue) depth(ctx context.Context, c *sqs.Client) (n int, err error) {
	names := []types.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}
	out, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: names})
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		k, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil || k < 0 {
			return 0, fmt.Errorf("%s of %s is %q", name, q.name, out.Attributes[string(name)])
		}
		n += k
	}
	return n, nil
}

// drain receives and deletes until the queue has nothing for a while, by what it
// says and by what it delivers.
func (q *queue) drain(ctx context.Context, c *sqs.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	began := time.Now()
	for time.Since(began) < q.settles {
		got, err := q.consumers[0].empty(ctx, c)
		if err != nil {
			return fmt.Errorf("drain %s: %w", q.name, err)
		}
		n, err := q.depth(ctx, c)
		if err != nil {
			return fmt.Errorf("drain %s, which says that it has %d messages: %w", q.name, n, err)
		}
		if n > 0 || got > 0 {
			began = time.Now()
		}
		if got == 0 {
			pause(ctx, 20*time.Millisecond)
		}
	}
	if q.dead != nil {
		return q.dead.drain(ctx, c)
	}
	return nil
}

// check judges what the queue has done; drained says that it was emptied.
func (q *queue) check(t *testing.T, drained bool) {
	t.Helper()
	judge(t, queues.Check(q.history(drained)))
}

// begin and end bound a call. What has an error code was refused.
func begin() queues.Call { return queues.Call{Began: time.Since(epoch)} }

func end(c *queues.Call, err error) {
	c.Ended = time.Since(epoch)
	switch {
	case err == nil:
		c.Outcome = history.Acknowledged
	case code(err) != "":
		c.Outcome = history.Refused
	}
}

// body and parseBody carry payloads in texts.
func body(id history.ID, size int) *string {
	return aws.String(base64.StdEncoding.EncodeToString(history.Payload(id, size)))
}

func parseBody(s string) (history.ID, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return history.ID{}, err
	}
	return history.ParsePayload(b)
}
