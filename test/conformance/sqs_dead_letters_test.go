package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Dead letters and what moves them back (§7).

// failing is a queue whose messages can be received again at once, so many times.
func failing(dead string, times int) attributes {
	a := withDeadLetters(dead, times)
	a["VisibilityTimeout"] = "0"
	return a
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 3} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			c := startQueues(t).queues()
			dead := newQueue(t, c, "dead", nil)
			q := newQueue(t, c, "q", failing("dead", times))
			sent := send(t, c, q, "x", func(in *sqs.SendMessageInput) {
				in.MessageAttributes = map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("b")}}
			})
			var stamp string
			for range times {
				stamp = wantReceived(t, c, q, []string{"x"})[0].Attributes["SentTimestamp"]
			}
			wantReceived(t, c, q, []string{})
			m := wantReceived(t, c, dead, []string{"x"}, waiting(10))[0]
			if *m.MessageId != *sent.MessageId || m.Attributes["DeadLetterQueueSourceArn"] != queueARN("q") || m.Attributes["SentTimestamp"] != stamp ||
				m.Attributes["ApproximateReceiveCount"] != fmt.Sprint(times+1) || aws.ToString(m.MD5OfMessageAttributes) != *sent.MD5OfMessageAttributes {
				t.Errorf("%s: %v", *m.MessageId, m.Attributes)
			}
			wantCounts(t, c, q, "0", "0", "0")
			wantCounts(t, c, dead, "0", "1", "0")
		})
	}
}

// What fails at the head of a group leaves it, and the group goes on.
func TestDeadLettersOfGroups(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	dead := newFIFO(t, c, "dead.fifo", nil)
	q := newFIFO(t, c, "q.fifo", failing("dead.fifo", 1))
	head := send(t, c, q, "bad", inGroup("g", "1"))
	send(t, c, q, "good", inGroup("g", "2"))
	wantReceived(t, c, q, []string{"bad"}, atMost(1))
	wantReceived(t, c, q, []string{"good"}, invisible(30))
	m := wantReceived(t, c, dead, []string{"bad"}, waiting(10))[0]
	if *m.MessageId != *head.MessageId || m.Attributes["MessageGroupId"] != "g" || m.Attributes["MessageDeduplicationId"] != *head.MessageId {
		t.Errorf("%v", m.Attributes)
	}
}

func TestChainsOfDeadLetters(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	last := newQueue(t, c, "last", nil)
	middle := newQueue(t, c, "middle", failing("last", 1))
	q := newQueue(t, c, "q", failing("middle", 1))
	send(t, c, q, "x")
	wantReceived(t, c, q, []string{"x"})
	wantReceived(t, c, q, []string{})
	wantReceived(t, c, middle, []string{"x"}, waiting(10))
	wantReceived(t, c, middle, []string{})
	wantReceived(t, c, last, []string{"x"}, waiting(10))
	sources := must[*sqs.ListDeadLetterSourceQueuesOutput](t)(c.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: last}))
	if !slices.Equal(sources.QueueUrls, []string{*middle}) {
		t.Errorf("sources %q", sources.QueueUrls)
	}
}

// Who may have a queue for its dead letters (§7).
func TestRedriveAllowPolicies(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", nil)
	for policy, allowed := range map[string]bool{
		`{"redrivePermission":"allowAll"}`:                                                true,
		`{"redrivePermission":"denyAll"}`:                                                 false,
		`{"redrivePermission":"byQueue","sourceQueueArns":["` + queueARN("q") + `"]}`:     true,
		`{"redrivePermission":"byQueue","sourceQueueArns":["` + queueARN("other") + `"]}`: false,
	} {
		newQueue(t, c, "dead", nil)
		dead := aws.String(strings.TrimSuffix(*q, "/q") + "/dead")
		if _, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: dead, Attributes: attributes{"RedriveAllowPolicy": policy}}); err != nil {
			t.Fatal(err)
		}
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: withDeadLetters("dead", 3)})
		if allowed && err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		if !allowed {
			wantQueueError(t, err, 400, "InvalidParameterValue", "")
		}
		if _, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: attributes{"RedrivePolicy": ""}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: dead}); err != nil {
			t.Fatal(err)
		}
	}
}

// deadOf fills dead with n messages of q.
func deadOf(t *testing.T, c *sqs.Client, q, dead *string, n int) {
	t.Helper()
	for i := range n {
		send(t, c, q, fmt.Sprint(i))
	}
	eventually(t, "all messages are dead", func() bool {
		receive(t, c, q)
		return counts(t, c, dead) == [3]string{fmt.Sprint(n), "0", "0"}
	})
}

func tasks(t *testing.T, c *sqs.Client, source string, n int32) []types.ListMessageMoveTasksResultEntry {
	t.Helper()
	return must[*sqs.ListMessageMoveTasksOutput](t)(c.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(queueARN(source)), MaxResults: &n})).Results
}

func TestMoveTasksBringMessagesBack(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	dead := newQueue(t, c, "dead", attributes{"VisibilityTimeout": "0"})
	q := newQueue(t, c, "q", failing("dead", 1))
	deadOf(t, c, q, dead, 25)
	old := receive(t, c, dead, atMost(1))[0] // visible again at once
	started := must[*sqs.StartMessageMoveTaskOutput](t)(c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(queueARN("dead"))}))
	if *started.TaskHandle == "" {
		t.Error("no handle")
	}
	eventually(t, "the task is over", func() bool { return aws.ToString(tasks(t, c, "dead", 1)[0].Status) == "COMPLETED" })
	task := tasks(t, c, "dead", 10)[0]
	if task.ApproximateNumberOfMessagesMoved != 25 || aws.ToString(task.SourceArn) != queueARN("dead") || task.TaskHandle != nil || task.DestinationArn != nil || task.StartedTimestamp == 0 {
		t.Errorf("%+v", task)
	}
	wantCounts(t, c, dead, "0", "0", "0")
	wantCounts(t, c, q, "25", "0", "0")
	for {
		got := receive(t, c, q, invisible(300))
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			if m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["DeadLetterQueueSourceArn"] != "" || *m.MessageId == *old.MessageId {
				t.Errorf("%s: %v", *m.MessageId, m.Attributes)
			}
		}
	}
}

func TestMoveTasksAreBoundedAndCancelled(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	dead := newQueue(t, c, "dead", nil)
	q := newQueue(t, c, "q", failing("dead", 1))
	to := newQueue(t, c, "to", nil)
	deadOf(t, c, q, dead, 30)
	in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(queueARN("dead")), DestinationArn: aws.String(queueARN("to")), MaxNumberOfMessagesPerSecond: aws.Int32(1)}
	handle := must[*sqs.StartMessageMoveTaskOutput](t)(c.StartMessageMoveTask(t.Context(), in)).TaskHandle
	running := tasks(t, c, "dead", 1)[0]
	if aws.ToString(running.Status) != "RUNNING" || aws.ToString(running.TaskHandle) != *handle || aws.ToInt32(running.MaxNumberOfMessagesPerSecond) != 1 ||
		aws.ToString(running.DestinationArn) != queueARN("to") || aws.ToInt64(running.ApproximateNumberOfMessagesToMove) != 30 {
		t.Errorf("%+v", running)
	}
	_, err := c.StartMessageMoveTask(t.Context(), in)
	wantQueueError(t, err, 400, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	wantReceived(t, c, to, []string{"0"}, waiting(10), atMost(1))
	cancelled := must[*sqs.CancelMessageMoveTaskOutput](t)(c.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: handle}))
	if n := cancelled.ApproximateNumberOfMessagesMoved; n < 1 || n > 20 {
		t.Errorf("%d were moved in a moment", n)
	}
	eventually(t, "the task is cancelled", func() bool { return aws.ToString(tasks(t, c, "dead", 1)[0].Status) == "CANCELLED" })
	// A task that is over cannot be cancelled, and another can begin.
	if _, err := c.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: handle}); err == nil {
		t.Error("cancelled twice")
	}
	in.MaxNumberOfMessagesPerSecond = nil
	must[*sqs.StartMessageMoveTaskOutput](t)(c.StartMessageMoveTask(t.Context(), in))
	eventually(t, "all are moved", func() bool { return counts(t, c, dead) == [3]string{"0", "0", "0"} })
	if all := tasks(t, c, "dead", 10); len(all) != 2 || aws.ToString(all[1].Status) != "CANCELLED" {
		t.Errorf("%+v", all)
	}
}

// A task whose destination goes away fails, and says why.
func TestMoveTasksFail(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	dead := newQueue(t, c, "dead", nil)
	q := newQueue(t, c, "q", failing("dead", 1))
	to := newQueue(t, c, "to", nil)
	deadOf(t, c, q, dead, 20)
	must[*sqs.StartMessageMoveTaskOutput](t)(c.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{
		SourceArn: aws.String(queueARN("dead")), DestinationArn: aws.String(queueARN("to")), MaxNumberOfMessagesPerSecond: aws.Int32(2),
	}))
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: to}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the task has failed", func() bool { return aws.ToString(tasks(t, c, "dead", 1)[0].Status) == "FAILED" })
	if task := tasks(t, c, "dead", 1)[0]; aws.ToString(task.FailureReason) != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("failed for %q", aws.ToString(task.FailureReason))
	}
}
