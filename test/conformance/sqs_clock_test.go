package conformance

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// What takes seconds to days in a queue, by a clock that is moved.

// The table of §5 about handles whose time is over.
func TestLocksEnd(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", nil)
	send(t, c, q, "x")
	m := wantReceived(t, c, q, []string{"x"}, invisible(30))[0]
	s.moveClock(29 * time.Second)
	wantReceived(t, c, q, []string{})
	if err := changeVisibility(t, c, q, m, 60); err != nil {
		t.Fatal(err)
	}
	s.moveClock(58 * time.Second)
	wantReceived(t, c, q, []string{})
	s.moveClock(3 * time.Second)
	wantCounts(t, c, q, "1", "0", "0")
	// Over, and nobody has received it since: a change is no error, a deletion deletes.
	if err := changeVisibility(t, c, q, m, 10); err != nil {
		t.Errorf("a change after the end: %v", err)
	}
	deleteMessage(t, c, q, m)
	s.moveClock(time.Minute)
	wantReceived(t, c, q, []string{})

	// What is held is held for 12 hours at most.
	send(t, c, q, "y")
	m = wantReceived(t, c, q, []string{"y"}, invisible(43200))[0]
	s.moveClock(time.Hour)
	wantQueueError(t, changeVisibility(t, c, q, m, 11*3600+60), 400, "InvalidParameterValue", "Value 39660 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	if err := changeVisibility(t, c, q, m, 11*3600-60); err != nil {
		t.Errorf("less than 12 hours: %v", err)
	}
}

func TestLocksOfGroupsEnd(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	for _, b := range []string{"a", "b", "c"} {
		send(t, c, q, b, inGroup("g", ""))
	}
	got := wantReceived(t, c, q, []string{"a", "b"}, atMost(2), invisible(30))
	// One that is held longer holds its group.
	if err := changeVisibility(t, c, q, got[1], 100); err != nil {
		t.Fatal(err)
	}
	s.moveClock(31 * time.Second)
	expired := "Value " + *got[0].ReceiptHandle + " for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
	wantQueueError(t, tryDelete(t, c, q, got[0]), 400, "InvalidParameterValue", expired)
	wantQueueError(t, changeVisibility(t, c, q, got[0], 5), 400, "InvalidParameterValue", expired)
	deleteMessage(t, c, q, got[1])
	wantReceived(t, c, q, []string{"a", "c"}, invisible(30))
	s.moveClock(31 * time.Second)
	wantReceived(t, c, q, []string{"a", "c"})
}

func TestDelays(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", attributes{"DelaySeconds": "60"})
	send(t, c, q, "of the queue")
	send(t, c, q, "its own", func(in *sqs.SendMessageInput) { in.DelaySeconds = 900 })
	// A change of the queue's delay is for what is sent later.
	if _, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: attributes{"DelaySeconds": "0"}}); err != nil {
		t.Fatal(err)
	}
	send(t, c, q, "at once")
	wantCounts(t, c, q, "1", "0", "2")
	wantReceived(t, c, q, []string{"at once"})
	s.moveClock(61 * time.Second)
	got := receive(t, c, q)
	if len(got) != 2 { // "at once" is visible again
		t.Errorf("after the queue's delay %q", bodies(got))
	}
	s.moveClock(840 * time.Second)
	if got := receive(t, c, q); len(got) != 3 {
		t.Errorf("after 15 minutes %q", bodies(got))
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", attributes{"MessageRetentionPeriod": "60"})
	send(t, c, q, "in flight")
	m := wantReceived(t, c, q, []string{"in flight"}, invisible(600))[0]
	send(t, c, q, "visible")
	send(t, c, q, "delayed", func(in *sqs.SendMessageInput) { in.DelaySeconds = 900 })
	s.moveClock(40 * time.Second)
	send(t, c, q, "younger")
	wantCounts(t, c, q, "2", "1", "1")
	s.moveClock(21 * time.Second)
	wantReceived(t, c, q, []string{"younger"})
	deleteMessage(t, c, q, m)
	eventually(t, "what is too old is gone", func() bool { return counts(t, c, q) == [3]string{"0", "1", "0"} })
	// A longer period keeps what is there.
	if _, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: attributes{"MessageRetentionPeriod": "1209600"}}); err != nil {
		t.Fatal(err)
	}
	s.moveClock(24 * time.Hour)
	wantReceived(t, c, q, []string{"younger"})
}

// Deduplication lasts five minutes from the first send.
func TestDuplicatesAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newFIFO(t, c, "q.fifo", nil)
	first := send(t, c, q, "1", inGroup("g", "id"))
	s.moveClock(298 * time.Second)
	if again := send(t, c, q, "2", inGroup("g", "id")); *again.MessageId != *first.MessageId {
		t.Error("sent anew within five minutes")
	}
	s.moveClock(4 * time.Second)
	if again := send(t, c, q, "3", inGroup("g", "id")); *again.MessageId == *first.MessageId {
		t.Error("a duplicate after five minutes")
	}
	wantReceived(t, c, q, []string{"1", "3"})
}

// An attempt's id is known for five minutes, and while its locks hold.
func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	send(t, c, q, "a", inGroup("g", ""))
	attempt := func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = aws.String("1") }
	first := wantReceived(t, c, q, []string{"a"}, attempt, invisible(1000))[0]
	s.moveClock(250 * time.Second)
	again := wantReceived(t, c, q, []string{"a"}, attempt, invisible(1000))[0]
	if again.Attributes["ApproximateReceiveCount"] != first.Attributes["ApproximateReceiveCount"] {
		t.Errorf("%v", again.Attributes)
	}
	// It resets the visibility, and does not count as another attempt.
	s.moveClock(800 * time.Second)
	wantReceived(t, c, q, []string{}, attempt)
}

// The rules of 60 seconds.
func TestCooldowns(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", nil)
	purge := func() error {
		_, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: q})
		return err
	}
	if err := purge(); err != nil {
		t.Fatal(err)
	}
	s.moveClock(57 * time.Second)
	wantQueueError(t, purge(), 403, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on q is allowed every 60 seconds.")
	s.moveClock(4 * time.Second)
	if err := purge(); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: q}); err != nil {
		t.Fatal(err)
	}
	s.moveClock(57 * time.Second)
	_, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	wantQueueError(t, err, 400, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	s.moveClock(4 * time.Second)
	wantReceived(t, c, newQueue(t, c, "q", nil), []string{})
}

// A clock that is set back ends no lock early or late, and hides nothing.
func TestQueuesWhileTheClockGoesBack(t *testing.T) {
	t.Parallel()
	s := startMovableQueues(t)
	c := s.queues()
	q := newFIFO(t, c, "q.fifo", attributes{"ContentBasedDeduplication": "true"})
	var last string
	for _, b := range []string{"a", "b", "c"} {
		n := *send(t, c, q, b, inGroup("g", "")).SequenceNumber
		if n <= last {
			t.Errorf("%s does not follow %s", n, last)
		}
		last = n
		s.moveClock(-10 * time.Minute)
	}
	wantReceived(t, c, q, []string{"a", "b", "c"}, invisible(2))
	s.moveClock(-10 * time.Minute)
	wantReceived(t, c, q, []string{})
	wantReceived(t, c, q, []string{"a", "b", "c"}, waiting(20))
}
