package conformance

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/sdk"
)

// The Go SDK's client of SQS against the binary. Sections are those of reference
// sqs.

// startQueues starts a server on which names can be used again, and queues purged
// again, at once.
func startQueues(t *testing.T, args ...string) *server {
	t.Helper()
	return start(t, append([]string{"--queue-cooldown=0s"}, args...)...)
}

// startMovableQueues starts a server whose clock can be moved, and which has
// AWS's rules of 60 seconds. See startMovable.
func startMovableQueues(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, binary: program.Faults, dir: t.TempDir(), args: []string{"--auth=open"}}
	s.launch()
	return s
}

func (s *server) queues() *sqs.Client { return s.queuesIn(region) }

func (s *server) queuesIn(region string) *sqs.Client {
	return sdk.SQS(s.url, region, accessKey, secretKey)
}

// attributes are those of a queue, as CreateQueue takes them.
type attributes = map[string]string

func newQueue(t *testing.T, c *sqs.Client, name string, a attributes) *string {
	t.Helper()
	return must[*sqs.CreateQueueOutput](t)(c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: a})).QueueUrl
}

func newFIFO(t *testing.T, c *sqs.Client, name string, more attributes) *string {
	t.Helper()
	a := attributes{"FifoQueue": "true"}
	maps.Copy(a, more)
	return newQueue(t, c, name, a)
}

// withDeadLetters is the attribute that sends what was received so often to dead.
func withDeadLetters(dead string, times int) attributes {
	return attributes{"RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN(dead) + `","maxReceiveCount":` + strconv.Itoa(times) + `}`}
}

func queueARN(name string) string { return "arn:aws:sqs:" + region + ":" + account + ":" + name }

func send(t *testing.T, c *sqs.Client, queue *string, body string, change ...func(*sqs.SendMessageInput)) *sqs.SendMessageOutput {
	t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body}
	for _, f := range change {
		f(in)
	}
	return must[*sqs.SendMessageOutput](t)(c.SendMessage(t.Context(), in))
}

// inGroup gives a message its group and, unless empty, its deduplication id.
func inGroup(group, id string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) {
		in.MessageGroupId = &group
		if id != "" {
			in.MessageDeduplicationId = &id
		}
	}
}

// receive receives up to ten messages with all that is known of them.
func receive(t *testing.T, c *sqs.Client, queue *string, change ...func(*sqs.ReceiveMessageInput)) []types.Message {
	t.Helper()
	in := &sqs.ReceiveMessageInput{
		QueueUrl: queue, MaxNumberOfMessages: 10,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	}
	for _, f := range change {
		f(in)
	}
	return must[*sqs.ReceiveMessageOutput](t)(c.ReceiveMessage(t.Context(), in)).Messages
}

func atMost(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func invisible(seconds int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = seconds }
}

func waiting(seconds int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = seconds }
}

func bodies(messages []types.Message) []string {
	out := []string{}
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return out
}

// wantReceived fails the test unless a receive returns exactly that, in order.
func wantReceived(t *testing.T, c *sqs.Client, queue *string, want []string, change ...func(*sqs.ReceiveMessageInput)) []types.Message {
	t.Helper()
	got := receive(t, c, queue, change...)
	if !slices.Equal(bodies(got), want) {
		t.Fatalf("received %q, want %q", bodies(got), want)
	}
	return got
}

func deleteMessage(t *testing.T, c *sqs.Client, queue *string, m types.Message) {
	t.Helper()
	if err := tryDelete(t, c, queue, m); err != nil {
		t.Fatal(err)
	}
}

func tryDelete(t *testing.T, c *sqs.Client, queue *string, m types.Message) error {
	t.Helper()
	_, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: m.ReceiptHandle})
	return err
}

func changeVisibility(t *testing.T, c *sqs.Client, queue *string, m types.Message, seconds int32) error {
	t.Helper()
	_, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: queue, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	return err
}

// shown returns attributes of a queue.
func shown(t *testing.T, c *sqs.Client, queue *string, names ...types.QueueAttributeName) attributes {
	t.Helper()
	if names == nil {
		names = []types.QueueAttributeName{types.QueueAttributeNameAll}
	}
	return must[*sqs.GetQueueAttributesOutput](t)(c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue, AttributeNames: names})).Attributes
}

// counts are the messages of a queue: visible, in flight, delayed.
func counts(t *testing.T, c *sqs.Client, queue *string) [3]string {
	t.Helper()
	a := shown(t, c, queue, types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible, types.QueueAttributeNameApproximateNumberOfMessagesDelayed)
	return [3]string{a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"], a["ApproximateNumberOfMessagesDelayed"]}
}

func wantCounts(t *testing.T, c *sqs.Client, queue *string, visible, inFlight, delayed string) {
	t.Helper()
	if got := counts(t, c, queue); got != [3]string{visible, inFlight, delayed} {
		t.Errorf("%s visible, %s in flight, %s delayed; want %s, %s, %s", got[0], got[1], got[2], visible, inFlight, delayed)
	}
}

// wantQueueError fails the test unless the server answered with that status, the
// code that Query has, and the message, where one is given.
func wantQueueError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var e smithy.APIError
	var h *smithyhttp.ResponseError
	if !errors.As(err, &e) || !errors.As(err, &h) || e.ErrorCode() != code || h.HTTPStatusCode() != status || message != "" && e.ErrorMessage() != message {
		t.Errorf("got %v, want %d %s %s", err, status, code, message)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-end:
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}

// The classes of errors, which the SDK makes of the names in bodies while codes
// come from a header (§2).
func TestQueueErrorsHaveClassesAndCodes(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	nowhere := aws.String(s.url + "/" + account + "/nowhere")
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: nowhere, MessageBody: aws.String("x")})
	if e := (*types.QueueDoesNotExist)(nil); !errors.As(err, &e) {
		t.Errorf("%T is no QueueDoesNotExist", err)
	}
	wantQueueError(t, err, http.StatusBadRequest, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")

	q := newQueue(t, c, "q", nil)
	_, err = c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: aws.String("garbage")})
	if e := (*types.ReceiptHandleIsInvalid)(nil); !errors.As(err, &e) {
		t.Errorf("%T is no ReceiptHandleIsInvalid", err)
	}
	wantQueueError(t, err, http.StatusNotFound, "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`)

	_, err = c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(queueARN("nowhere"))})
	if e := (*types.ResourceNotFoundException)(nil); !errors.As(err, &e) {
		t.Errorf("%T is no ResourceNotFoundException", err)
	}
	wantQueueError(t, err, http.StatusNotFound, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
}
