package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What a standard queue is from outside (§3 to §5), with the SDK's checks of
// bodies' MD5s on.

func TestQueuesAreMadeFoundListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	for _, name := range []string{"a-1", "a-2", "a-3", "B_1"} {
		if got, want := *newQueue(t, c, name, nil), s.url+"/"+account+"/"+name; got != want {
			t.Errorf("the URL is %s, want %s", got, want)
		}
	}
	// The same again is the same queue, unless an attribute that is given differs.
	newQueue(t, c, "a-1", attributes{"VisibilityTimeout": "30"})
	_, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("a-1"), Attributes: attributes{"VisibilityTimeout": "31"}})
	wantQueueError(t, err, 400, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute VisibilityTimeout")

	found := must[*sqs.GetQueueUrlOutput](t)(c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a-2"), QueueOwnerAWSAccountId: aws.String(account)}))
	if !strings.HasSuffix(*found.QueueUrl, "/a-2") {
		t.Error(*found.QueueUrl)
	}
	var names []string
	for p := sqs.NewListQueuesPaginator(c, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("a-"), MaxResults: aws.Int32(2)}); p.HasMorePages(); {
		page := must[*sqs.ListQueuesOutput](t)(p.NextPage(t.Context()))
		for _, u := range page.QueueUrls {
			names = append(names, u[strings.LastIndexByte(u, '/')+1:])
		}
	}
	slices.Sort(names)
	if want := []string{"a-1", "a-2", "a-3"}; !slices.Equal(names, want) {
		t.Errorf("listed %q", names)
	}
	if all := must[*sqs.ListQueuesOutput](t)(c.ListQueues(t.Context(), nil)); len(all.QueueUrls) != 4 || all.NextToken != nil {
		t.Errorf("listed %q", all.QueueUrls)
	}
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: found.QueueUrl}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("a-2")})
	wantQueueError(t, err, 400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
	// A new queue of the name is empty, and handles of the one before mean nothing.
	send(t, c, newQueue(t, c, "a-2", nil), "x")
	old := wantReceived(t, c, found.QueueUrl, []string{"x"})[0]
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: found.QueueUrl}); err != nil {
		t.Fatal(err)
	}
	wantReceived(t, c, newQueue(t, c, "a-2", nil), []string{})
	wantQueueError(t, tryDelete(t, c, found.QueueUrl, old), 404, "ReceiptHandleIsInvalid", "")
}

// All of a fresh queue is exactly this (§4): Terraform compares it.
func TestAttributesOfAFreshQueue(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	standard := attributes{
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
	}
	fifo := maps.Clone(standard)
	maps.Copy(fifo, attributes{"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"})
	for name, want := range map[string]attributes{"q": standard, "q.fifo": fifo} {
		given := attributes{}
		if name == "q.fifo" {
			given["FifoQueue"] = "true"
		}
		q := newQueue(t, c, name, given)
		got := shown(t, c, q)
		want["QueueArn"] = queueARN(name)
		for _, stamp := range []string{"CreatedTimestamp", "LastModifiedTimestamp"} {
			seconds, err := strconv.ParseInt(got[stamp], 10, 64)
			if age := time.Since(time.Unix(seconds, 0)); err != nil || age < 0 || age > time.Minute {
				t.Errorf("%s is %q", stamp, got[stamp])
			}
			want[stamp] = got[stamp]
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s has %v\nwant %v", name, got, want)
		}
		none := must[*sqs.GetQueueAttributesOutput](t)(c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q}))
		if len(none.Attributes) != 0 {
			t.Errorf("without names %v", none.Attributes)
		}
	}
}

func TestAttributesAreSetAllOrNone(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", attributes{"VisibilityTimeout": "7"})
	set := func(a attributes) error {
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: a})
		return err
	}
	if err := set(attributes{"VisibilityTimeout": "8", "DelaySeconds": "901"}); err == nil || shown(t, c, q)["VisibilityTimeout"] != "7" {
		t.Errorf("%v; %v", err, shown(t, c, q))
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"` + queueARN("q") + `"}]}`
	if err := set(attributes{"VisibilityTimeout": "0", "Policy": policy, "KmsMasterKeyId": "alias/aws/sqs"}); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, c, q); got["VisibilityTimeout"] != "0" || got["Policy"] != policy || got["KmsMasterKeyId"] != "alias/aws/sqs" || got["SqsManagedSseEnabled"] != "false" {
		t.Errorf("%v", got)
	}
	if err := set(attributes{"Policy": "", "KmsMasterKeyId": ""}); err != nil {
		t.Fatal(err)
	}
	got := shown(t, c, q)
	if _, ok := got["Policy"]; ok {
		t.Errorf("%v", got)
	}
	if _, ok := got["KmsMasterKeyId"]; ok || got["SqsManagedSseEnabled"] != "false" {
		t.Errorf("%v", got)
	}
}

// Every system attribute, and the digests of attributes that come back (§5).
func TestMessagesComeBackAsTheyWereSent(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", attributes{"VisibilityTimeout": "0"})
	body := "{\"a\":\"b\"}\r\n\t<&>\u2028 \U0001f600 \ufffd"
	trace := "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	attrs := map[string]types.MessageAttributeValue{
		"a": {DataType: aws.String("String"), StringValue: aws.String("x")},
		"b": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 2}},
		"c": {DataType: aws.String("Number.int"), StringValue: aws.String("42")},
	}
	out := send(t, c, q, body, func(in *sqs.SendMessageInput) {
		in.MessageAttributes = attrs
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &trace}}
	})
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(*out.MessageId) || out.SequenceNumber != nil {
		t.Errorf("%q, %v", *out.MessageId, out.SequenceNumber)
	}
	if *out.MD5OfMessageAttributes != "d71a921f8f04518ebdac3ef7ce370b49" || *out.MD5OfMessageSystemAttributes != "5ae4d5d7636402d80f4eb6d213245a88" {
		t.Errorf("digests %s and %s", *out.MD5OfMessageAttributes, *out.MD5OfMessageSystemAttributes)
	}
	before := time.Now()
	m := wantReceived(t, c, q, []string{body})[0]
	if *m.MessageId != *out.MessageId || *m.MD5OfBody != *out.MD5OfMessageBody || aws.ToString(m.MD5OfMessageAttributes) != *out.MD5OfMessageAttributes {
		t.Errorf("received %+v", m)
	}
	if strings.Contains(*m.ReceiptHandle, "-") || len(*m.ReceiptHandle) > 1024 {
		t.Errorf("handle %q", *m.ReceiptHandle)
	}
	if len(m.MessageAttributes) != 3 || *m.MessageAttributes["c"].StringValue != "42" || *m.MessageAttributes["c"].DataType != "Number.int" || string(m.MessageAttributes["b"].BinaryValue) != "\x00\x01\x02" {
		t.Errorf("attributes %v", m.MessageAttributes)
	}
	for _, name := range []string{"SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
		ms, err := strconv.ParseInt(m.Attributes[name], 10, 64)
		if age := before.Sub(time.UnixMilli(ms)).Abs(); err != nil || age > time.Minute {
			t.Errorf("%s is %q", name, m.Attributes[name])
		}
	}
	if m.Attributes["SenderId"] == "" || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["AWSTraceHeader"] != trace || len(m.Attributes) != 5 {
		t.Errorf("system attributes %v", m.Attributes)
	}
	again := wantReceived(t, c, q, []string{body})[0]
	if again.Attributes["ApproximateReceiveCount"] != "2" || again.Attributes["ApproximateFirstReceiveTimestamp"] != m.Attributes["ApproximateFirstReceiveTimestamp"] || *again.ReceiptHandle == *m.ReceiptHandle {
		t.Errorf("again %v", again.Attributes)
	}
	digests := map[string]bool{}
	for names, want := range map[string][]string{"": nil, "a": {"a"}, "b,c": {"b", "c"}, ".*": {"a", "b", "c"}, "All": {"a", "b", "c"}, "no such, -": nil, "a.*": {"a"}} {
		got := wantReceived(t, c, q, []string{body}, func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = nil
			if in.MessageAttributeNames = nil; names != "" {
				in.MessageAttributeNames = strings.Split(names, ",")
			}
		})[0]
		if names := slices.Sorted(maps.Keys(got.MessageAttributes)); !slices.Equal(names, want) || len(got.Attributes) != 0 || (got.MD5OfMessageAttributes != nil) != (want != nil) {
			t.Errorf("asked for %q: %q, %v", names, names, got.Attributes)
		}
		digests[aws.ToString(got.MD5OfMessageAttributes)] = true
	}
	if len(digests) != 4 {
		t.Errorf("%d digests of 3 filters and none", len(digests))
	}
}

func TestMessagesOfTheGreatestSize(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", nil)
	most := 1 << 20
	send(t, c, q, strings.Repeat("x", most))
	seven := map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("x")}} // 1 + 6 + 1 bytes
	send(t, c, q, strings.Repeat("y", most-8), func(in *sqs.SendMessageInput) { in.MessageAttributes = seven })
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String(strings.Repeat("z", most-7)), MessageAttributes: seven})
	wantQueueError(t, err, 400, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.")
	if got := receive(t, c, q); len(got) != 2 || len(*got[0].Body)+len(*got[1].Body) != 2*most-8 {
		t.Errorf("received %d", len(got))
	}
	// The queue's own bound fails its entry alone.
	small := newQueue(t, c, "small", attributes{"MaximumMessageSize": "1024"})
	out := must[*sqs.SendMessageBatchOutput](t)(c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: small, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String(strings.Repeat("a", 1025))},
		{Id: aws.String("2"), MessageBody: aws.String(strings.Repeat("b", 1024))},
	}}))
	if len(out.Successful) != 1 || *out.Successful[0].Id != "2" || len(out.Failed) != 1 {
		t.Fatalf("%+v", out)
	}
	if f := out.Failed[0]; *f.Id != "1" || !f.SenderFault || *f.Code != "InvalidParameterValue" || *f.Message != "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes." {
		t.Errorf("failed with %s %s", *f.Code, *f.Message)
	}
}

func TestBatchesAnswerEntryByEntry(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", nil)
	var in []types.SendMessageBatchRequestEntry
	want := []string{}
	for i := range 10 {
		want = append(want, fmt.Sprint("body ", i))
		in = append(in, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("e_", i)), MessageBody: &want[i]})
	}
	// A body is good or bad by itself; a bad one is of no account to the others.
	in[4].MessageBody = aws.String("bad \u0001")
	sent := must[*sqs.SendMessageBatchOutput](t)(c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: q, Entries: in}))
	if len(sent.Successful) != 9 || len(sent.Failed) != 1 || *sent.Failed[0].Id != "e_4" || *sent.Failed[0].Code != "InvalidMessageContents" || !sent.Failed[0].SenderFault {
		t.Fatalf("%+v", sent)
	}
	got := wantReceived(t, c, q, slices.Delete(want, 4, 5))
	var changes []types.ChangeMessageVisibilityBatchRequestEntry
	var deletions []types.DeleteMessageBatchRequestEntry
	for i, m := range got {
		id := aws.String(strconv.Itoa(i))
		if i < 4 {
			changes = append(changes, types.ChangeMessageVisibilityBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0})
		} else {
			deletions = append(deletions, types.DeleteMessageBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle})
		}
	}
	changes = append(changes, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")},
		types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String("long"), ReceiptHandle: got[8].ReceiptHandle, VisibilityTimeout: 43201})
	deletions = append(deletions, types.DeleteMessageBatchRequestEntry{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")})
	changed := must[*sqs.ChangeMessageVisibilityBatchOutput](t)(c.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: q, Entries: changes}))
	if len(changed.Successful) != 4 || len(changed.Failed) != 2 || *changed.Failed[0].Code != "ReceiptHandleIsInvalid" || *changed.Failed[1].Code != "InvalidParameterValue" {
		t.Errorf("%+v", changed)
	}
	deleted := must[*sqs.DeleteMessageBatchOutput](t)(c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: deletions}))
	if len(deleted.Successful) != 5 || len(deleted.Failed) != 1 || *deleted.Failed[0].Code != "ReceiptHandleIsInvalid" || !deleted.Failed[0].SenderFault {
		t.Errorf("%+v", deleted)
	}
	wantCounts(t, c, q, "4", "0", "0")
}

// The table of §5 about handles, for standard queues; what needs time is in
// sqs_clock_test.go.
func TestReceiptHandles(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", attributes{"VisibilityTimeout": "0"})
	send(t, c, q, "x")
	first := wantReceived(t, c, q, []string{"x"})[0]
	second := wantReceived(t, c, q, []string{"x"}, invisible(1000))[0]
	// An older handle deletes nothing, and is no error.
	deleteMessage(t, c, q, first)
	wantCounts(t, c, q, "0", "1", "0")
	if err := changeVisibility(t, c, q, second, 0); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, c, q, "1", "0", "0")
	// The newest deletes even what is visible again, and does so repeatedly.
	deleteMessage(t, c, q, second)
	deleteMessage(t, c, q, second)
	wantCounts(t, c, q, "0", "0", "0")
	wantQueueError(t, changeVisibility(t, c, q, second, 5), 400, "InvalidParameterValue", "Value "+*second.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")

	// The total is bounded by 12 hours from the receive.
	send(t, c, q, "y")
	m := wantReceived(t, c, q, []string{"y"}, invisible(30))[0]
	if err := changeVisibility(t, c, q, m, 43200); err == nil {
		t.Log("43200 s after the receive, less what has gone by, are allowed")
	} else {
		wantQueueError(t, err, 400, "InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
}

func TestLongPolls(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", attributes{"ReceiveMessageWaitTimeSeconds": "20"})
	began := time.Now()
	wantReceived(t, c, q, []string{}, func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 1 })
	if took := time.Since(began); took < 900*time.Millisecond || took > 10*time.Second {
		t.Errorf("a poll of a second took %v", took)
	}
	// The queue's wait holds where the call names none; a message ends it at once,
	// however many were asked for. The SDK leaves out a wait of 0.
	got := make(chan []types.Message, 1)
	go func() {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q, MaxNumberOfMessages: 10})
		if err != nil {
			t.Error(err)
			out = &sqs.ReceiveMessageOutput{}
		}
		got <- out.Messages
	}()
	send(t, c, q, "x")
	select {
	case m := <-got:
		if !slices.Equal(bodies(m), []string{"x"}) {
			t.Errorf("received %q", bodies(m))
		}
		deleteMessage(t, c, q, m[0])
	case <-time.After(15 * time.Second):
		t.Fatal("a message does not wake who waits for it")
	}
	// A poll that is given up takes nothing.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q, WaitTimeSeconds: 20}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	send(t, c, q, "y")
	wantReceived(t, c, q, []string{"y"}, waiting(5))
}

// A delayed message wakes who waits, as does one whose lock ends.
func TestTimeEndsLongPolls(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", attributes{"DelaySeconds": "900"})
	send(t, c, q, "later") // the queue's delay
	send(t, c, q, "x", func(in *sqs.SendMessageInput) { in.DelaySeconds = 1 })
	wantCounts(t, c, q, "0", "0", "2")
	began := time.Now()
	wantReceived(t, c, q, []string{"x"}, waiting(20), invisible(1))
	m := wantReceived(t, c, q, []string{"x"}, waiting(20))[0]
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if m.Attributes["ApproximateReceiveCount"] != "2" {
		t.Errorf("%v", m.Attributes)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", nil)
	send(t, c, q, "in flight")
	m := wantReceived(t, c, q, []string{"in flight"})[0]
	send(t, c, q, "visible")
	send(t, c, q, "delayed", func(in *sqs.SendMessageInput) { in.DelaySeconds = 900 })
	wantCounts(t, c, q, "1", "1", "1")
	for range 2 {
		if _, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: q}); err != nil {
			t.Fatal(err)
		}
		wantCounts(t, c, q, "0", "0", "0")
	}
	send(t, c, q, "after")
	deleteMessage(t, c, q, m)
	wantReceived(t, c, q, []string{"after"})
}

func TestTagsOfQueues(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := must[*sqs.CreateQueueOutput](t)(c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q"), Tags: map[string]string{"a": "1", "empty": ""}})).QueueUrl
	if _, err := c.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: q, Tags: map[string]string{"a": "2", "A": "3"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: q, TagKeys: []string{"A", "absent"}}); err != nil {
		t.Fatal(err)
	}
	got := must[*sqs.ListQueueTagsOutput](t)(c.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: q})).Tags
	if want := map[string]string{"a": "2", "empty": ""}; !maps.Equal(got, want) {
		t.Errorf("tags %v", got)
	}
}

// The policy that AddPermission writes is AWS's to the byte (§9).
func TestPermissions(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q", nil)
	add := func(label string, actions, accounts []string) {
		t.Helper()
		if _, err := c.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: q, Label: &label, Actions: actions, AWSAccountIds: accounts}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(label string) {
		t.Helper()
		if _, err := c.RemovePermission(t.Context(), &sqs.RemovePermissionInput{QueueUrl: q, Label: &label}); err != nil {
			t.Fatal(err)
		}
	}
	one := `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:ReceiveMessage","Resource":"` + queueARN("q") + `"}`
	two := `{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":["SQS:SendMessage","SQS:DeleteMessage"],"Resource":"` + queueARN("q") + `"}`
	head := `{"Version":"2008-10-17","Id":"` + queueARN("q") + `/SQSDefaultPolicy","Statement":[`
	add("one", []string{"ReceiveMessage"}, []string{"111122223333"})
	if got, want := shown(t, c, q)["Policy"], head+one+"]}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	add("two", []string{"SendMessage", "DeleteMessage"}, []string{"111122223333", "444455556666"})
	if got, want := shown(t, c, q)["Policy"], head+one+","+two+"]}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	remove("one")
	if got, want := shown(t, c, q)["Policy"], head+two+"]}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	remove("two")
	if got, ok := shown(t, c, q)["Policy"]; ok {
		t.Errorf("left %s", got)
	}
}

// AWS takes more than it documents: truths in either case, and letters of any
// language in the names of attributes.
func TestWhatAWSTakes(t *testing.T) {
	t.Parallel()
	c := startQueues(t).queues()
	q := newQueue(t, c, "q.fifo", attributes{"FifoQueue": "True", "ContentBasedDeduplication": "True"})
	if a := shown(t, c, q); a["FifoQueue"] != "true" || a["ContentBasedDeduplication"] != "true" {
		t.Errorf("%v", a)
	}
	send(t, c, q, "x", inGroup("g", ""), func(in *sqs.SendMessageInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"attr.1øßä": {DataType: aws.String("String"), StringValue: aws.String("x")}}
	})
	if got := receive(t, c, q); len(got) != 1 || len(got[0].MessageAttributes) != 1 {
		t.Errorf("%v", got)
	}
}

// What was answered is there after kill -9: messages, locks, deletions, settings.
func TestQueuesSurviveACrash(t *testing.T) {
	t.Parallel()
	s := startQueues(t)
	c := s.queues()
	q := newQueue(t, c, "q", attributes{"VisibilityTimeout": "300"})
	for _, body := range []string{"a", "b", "c"} {
		send(t, c, q, body)
	}
	got := wantReceived(t, c, q, []string{"a", "b"}, atMost(2))
	deleteMessage(t, c, q, got[0])
	s.crash()
	c = s.queues()
	q = must[*sqs.GetQueueUrlOutput](t)(c.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")})).QueueUrl
	wantCounts(t, c, q, "1", "1", "0")
	wantReceived(t, c, q, []string{"c"})
	// A handle of before still acts.
	if err := changeVisibility(t, c, q, got[1], 0); err != nil {
		t.Fatal(err)
	}
	m := wantReceived(t, c, q, []string{"b"})[0]
	if m.Attributes["ApproximateReceiveCount"] != "2" {
		t.Errorf("%v", m.Attributes)
	}
}
