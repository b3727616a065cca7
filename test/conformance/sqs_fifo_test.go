package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What a FIFO queue is from outside (§6).

func TestGroupsAreInOrderAndLocked(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	for i := range 4 {
		send(t, c, q, fmt.Sprint("g1-", i+1), inGroup("g1", ""))
	}
	send(t, c, q, "g2-1", inGroup("g2", ""))
	first := wantReceived(t, c, q, []string{"g1-1", "g1-2"}, atMost(2))
	other := wantReceived(t, c, q, []string{"g2-1"}, atMost(1))
	wantReceived(t, c, q, []string{})
	// A part of a batch is gone: the rest keeps the group.
	deleteMessage(t, c, q, first[0])
	wantReceived(t, c, q, []string{})
	// The rest comes back, before what is behind it.
	if err := changeVisibility(t, c, q, first[1], 0); err != nil {
		t.Fatal(err)
	}
	again := wantReceived(t, c, q, []string{"g1-2", "g1-3", "g1-4"})
	if again[0].Attributes["ApproximateReceiveCount"] != "2" || again[1].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("counts %v, %v", again[0].Attributes, again[1].Attributes)
	}
	for _, m := range append(again, other...) {
		deleteMessage(t, c, q, m)
	}
	deleteMessage(t, c, q, again[0])
	wantCounts(t, c, q, "0", "0", "0")
}

// With a visibility timeout of 0 the group is not locked.
func TestAGroupThatIsNotLocked(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true", "VisibilityTimeout": "0"})
	send(t, c, q, "a", inGroup("g", ""))
	send(t, c, q, "b", inGroup("g", ""))
	for range 2 {
		wantReceived(t, c, q, []string{"a", "b"})
	}
}

func TestSequenceNumbersAndSystemAttributes(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	form := regexp.MustCompile(`^\d{20}$`)
	var sent []*sqs.SendMessageOutput
	for i := range 5 {
		sent = append(sent, send(t, c, q, fmt.Sprint(i), inGroup("g", "")))
		if n := *sent[i].SequenceNumber; !form.MatchString(n) || i > 0 && n <= *sent[i-1].SequenceNumber {
			t.Errorf("sequence number %s", n)
		}
	}
	for i, m := range wantReceived(t, c, q, []string{"0", "1", "2", "3", "4"}) {
		digest := sha256.Sum256([]byte(*m.Body))
		if m.Attributes["SequenceNumber"] != *sent[i].SequenceNumber || m.Attributes["MessageGroupId"] != "g" || m.Attributes["MessageDeduplicationId"] != hex.EncodeToString(digest[:]) {
			t.Errorf("attributes %v", m.Attributes)
		}
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", nil)
	first := send(t, c, q, "one", inGroup("g", "id"))
	repeat := func(q *string, group string) *sqs.SendMessageOutput {
		t.Helper()
		return send(t, c, q, "another", inGroup(group, "id"))
	}
	if r := repeat(q, "g"); *r.MessageId != *first.MessageId || *r.SequenceNumber != *first.SequenceNumber {
		t.Errorf("a repeat is %s %s, not %s %s", *r.MessageId, *r.SequenceNumber, *first.MessageId, *first.SequenceNumber)
	}
	// In another group too, and after the first is received and deleted.
	repeat(q, "h")
	deleteMessage(t, c, q, wantReceived(t, c, q, []string{"one"})[0])
	repeat(q, "g")
	batch := must[*sqs.SendMessageBatchOutput](t)(c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: q, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("old"), MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("id")},
		{Id: aws.String("new"), MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("id2")},
		{Id: aws.String("twice"), MessageBody: aws.String("y"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("id2")},
	}}))
	if len(batch.Successful) != 3 || *batch.Successful[0].MessageId != *first.MessageId || *batch.Successful[2].MessageId != *batch.Successful[1].MessageId {
		t.Errorf("%+v", batch)
	}
	wantReceived(t, c, q, []string{"x"})
	// A purge forgets.
	if _, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: q}); err != nil {
		t.Fatal(err)
	}
	repeat(q, "g")
	wantReceived(t, c, q, []string{"another"})

	// By group, the same id is another message's in another group.
	high := newFIFO(t, c, "high.fifo", attributes{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	repeat(high, "g")
	repeat(high, "h")
	repeat(high, "h")
	wantReceived(t, c, high, []string{"another", "another"})
}

// The content alone decides where no id is given; an id overrides it.
func TestDuplicatesByContent(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	withAttribute := func(in *sqs.SendMessageInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("x")}}
	}
	send(t, c, q, "same", inGroup("g", ""))
	send(t, c, q, "same", inGroup("g", ""), withAttribute)
	send(t, c, q, "same", inGroup("g", "id"))
	wantReceived(t, c, q, []string{"same", "same"})
}

// A receive that is repeated under its attempt's id gives the same messages under
// handles of the same receive.
func TestReceiveAttempts(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	for _, b := range []string{"a", "b", "c"} {
		send(t, c, q, b, inGroup("g", ""))
	}
	attempt := func(id string) func(*sqs.ReceiveMessageInput) {
		return func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId, in.MaxNumberOfMessages = &id, 2 }
	}
	first := wantReceived(t, c, q, []string{"a", "b"}, attempt("1"))
	again := wantReceived(t, c, q, []string{"a", "b"}, attempt("1"))
	wantReceived(t, c, q, []string{}, attempt("2"))
	// A handle may be written otherwise, and acts as the other does.
	deleteMessage(t, c, q, first[0])
	deleteMessage(t, c, q, again[1])
	wantCounts(t, c, q, "1", "0", "0")
	wantReceived(t, c, q, []string{"c"}, attempt("3"))
}

// Many groups, several consumers: what is handed out of a group is in order, and
// never two at once.
func TestConsumersOfManyGroups(t *testing.T) {
	t.Parallel()
	const groups, each, consumers = 20, 10, 5
	c := startQueues(t).queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	for i := range each {
		for g := 0; g < groups; g += 10 {
			var in []types.SendMessageBatchRequestEntry
			for k := range 10 {
				group := fmt.Sprint(g + k)
				in = append(in, types.SendMessageBatchRequestEntry{Id: &group, MessageBody: aws.String(fmt.Sprintf("%s %d", group, i)), MessageGroupId: &group})
			}
			if out := must[*sqs.SendMessageBatchOutput](t)(c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: q, Entries: in})); len(out.Failed) > 0 {
				t.Fatalf("%+v", out.Failed)
			}
		}
	}
	type receipt struct {
		consumer int
		body     string
	}
	got := make(chan receipt, groups*each)
	ends := make(chan error, consumers)
	for k := range consumers {
		go func() {
			for {
				out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q, MaxNumberOfMessages: 3, VisibilityTimeout: 300})
				if err != nil || len(out.Messages) == 0 {
					ends <- err
					return
				}
				for _, m := range out.Messages {
					got <- receipt{k, *m.Body}
					if _, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: m.ReceiptHandle}); err != nil {
						ends <- err
						return
					}
				}
			}
		}()
	}
	for range consumers {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
	// Who found every group locked has ended; what is left is in order too.
	for _, m := range drain(t, c, q) {
		got <- receipt{0, m}
	}
	close(got)
	inOrder := map[string][]string{}
	for r := range got {
		var group, n string
		if _, err := fmt.Sscan(r.body, &group, &n); err != nil {
			t.Fatal(err)
		}
		inOrder[group] = append(inOrder[group], n)
	}
	for group, numbers := range inOrder {
		if len(numbers) != each || !slices.IsSorted(numbers) {
			t.Errorf("group %s: %q", group, numbers)
		}
	}
	if len(inOrder) != groups {
		t.Errorf("%d groups", len(inOrder))
	}
}

// drain receives and deletes all that can be received.
func drain(t *testing.T, c *sqs.Client, q *string) (out []string) {
	t.Helper()
	for {
		got := receive(t, c, q)
		if len(got) == 0 {
			return out
		}
		for _, m := range got {
			out = append(out, *m.Body)
			deleteMessage(t, c, q, m)
		}
	}
}
