package sqs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// wantRefusal checks the code and the text of an error.
func wantRefusal(t *testing.T, err error, code, text string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Shape.Code != code || e.Message != text {
		t.Errorf("got %v\nwant %s: %s", err, code, text)
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryCreate(name string, attributes, tags map[string]string) error {
	return r.CreateQueue(r.ctx(sqsapi.OpCreateQueue), &sqsapi.CreateQueueRequest{QueueName: api.Some(name), Attributes: attributes, Tags: tags}, new(sqsapi.CreateQueueResult))
}

func (r *rig) drop(name string) error {
	return r.DeleteQueue(r.ctx(sqsapi.OpDeleteQueue), &sqsapi.DeleteQueueRequest{QueueUrl: api.Some(urlPrefix + name)})
}

func (r *rig) set(name string, attributes map[string]string) error {
	return r.SetQueueAttributes(r.ctx(sqsapi.OpSetQueueAttributes), &sqsapi.SetQueueAttributesRequest{QueueUrl: api.Some(urlPrefix + name), Attributes: attributes})
}

func (r *rig) get(name string, attributes ...string) map[string]string {
	r.t.Helper()
	var out sqsapi.GetQueueAttributesResult
	r.must(r.GetQueueAttributes(r.ctx(sqsapi.OpGetQueueAttributes), &sqsapi.GetQueueAttributesRequest{QueueUrl: api.Some(urlPrefix + name), AttributeNames: attributes}, &out))
	return out.Attributes
}

func (r *rig) purge(name string) error {
	return r.PurgeQueue(r.ctx(sqsapi.OpPurgeQueue), &sqsapi.PurgeQueueRequest{QueueUrl: api.Some(urlPrefix + name)})
}

func (r *rig) tag(name string, tags map[string]string) error {
	return r.TagQueue(r.ctx(sqsapi.OpTagQueue), &sqsapi.TagQueueRequest{QueueUrl: api.Some(urlPrefix + name), Tags: tags})
}

func (r *rig) tags(name string) map[string]string {
	r.t.Helper()
	var out sqsapi.ListQueueTagsResult
	r.must(r.ListQueueTags(r.ctx(sqsapi.OpListQueueTags), &sqsapi.ListQueueTagsRequest{QueueUrl: api.Some(urlPrefix + name)}, &out))
	return out.Tags
}

// onQueue are the operations that are about one queue, with input that is right
// where there is one.
func (r *rig) onQueue(url api.Opt[string]) map[string]error {
	in := func(op *api.Operation) context.Context { return r.ctx(op) }
	return map[string]error{
		"AddPermission":           r.AddPermission(in(sqsapi.OpAddPermission), &sqsapi.AddPermissionRequest{QueueUrl: url, Label: api.Some("l"), AWSAccountIds: []string{"111122223333"}, Actions: []string{"SendMessage"}}),
		"ChangeMessageVisibility": r.ChangeMessageVisibility(in(sqsapi.OpChangeMessageVisibility), &sqsapi.ChangeMessageVisibilityRequest{QueueUrl: url, ReceiptHandle: api.Some("x"), VisibilityTimeout: api.Some[int32](1)}),
		"ChangeMessageVisibilityBatch": r.ChangeMessageVisibilityBatch(in(sqsapi.OpChangeMessageVisibilityBatch), &sqsapi.ChangeMessageVisibilityBatchRequest{QueueUrl: url,
			Entries: []sqsapi.ChangeMessageVisibilityBatchRequestEntry{{Id: api.Some("a"), ReceiptHandle: api.Some("x"), VisibilityTimeout: api.Some[int32](1)}}}, new(sqsapi.ChangeMessageVisibilityBatchResult)),
		"DeleteMessage": r.DeleteMessage(in(sqsapi.OpDeleteMessage), &sqsapi.DeleteMessageRequest{QueueUrl: url, ReceiptHandle: api.Some("x")}),
		"DeleteMessageBatch": r.DeleteMessageBatch(in(sqsapi.OpDeleteMessageBatch), &sqsapi.DeleteMessageBatchRequest{QueueUrl: url,
			Entries: []sqsapi.DeleteMessageBatchRequestEntry{{Id: api.Some("a"), ReceiptHandle: api.Some("x")}}}, new(sqsapi.DeleteMessageBatchResult)),
		"DeleteQueue":                r.DeleteQueue(in(sqsapi.OpDeleteQueue), &sqsapi.DeleteQueueRequest{QueueUrl: url}),
		"GetQueueAttributes":         r.GetQueueAttributes(in(sqsapi.OpGetQueueAttributes), &sqsapi.GetQueueAttributesRequest{QueueUrl: url}, new(sqsapi.GetQueueAttributesResult)),
		"ListDeadLetterSourceQueues": r.ListDeadLetterSourceQueues(in(sqsapi.OpListDeadLetterSourceQueues), &sqsapi.ListDeadLetterSourceQueuesRequest{QueueUrl: url}, new(sqsapi.ListDeadLetterSourceQueuesResult)),
		"ListQueueTags":              r.ListQueueTags(in(sqsapi.OpListQueueTags), &sqsapi.ListQueueTagsRequest{QueueUrl: url}, new(sqsapi.ListQueueTagsResult)),
		"PurgeQueue":                 r.PurgeQueue(in(sqsapi.OpPurgeQueue), &sqsapi.PurgeQueueRequest{QueueUrl: url}),
		"ReceiveMessage":             r.ReceiveMessage(in(sqsapi.OpReceiveMessage), &sqsapi.ReceiveMessageRequest{QueueUrl: url}, new(sqsapi.ReceiveMessageResult)),
		"RemovePermission":           r.RemovePermission(in(sqsapi.OpRemovePermission), &sqsapi.RemovePermissionRequest{QueueUrl: url, Label: api.Some("l")}),
		"SendMessage":                r.SendMessage(in(sqsapi.OpSendMessage), &sqsapi.SendMessageRequest{QueueUrl: url, MessageBody: api.Some("b")}, new(sqsapi.SendMessageResult)),
		"SendMessageBatch": r.SendMessageBatch(in(sqsapi.OpSendMessageBatch), &sqsapi.SendMessageBatchRequest{QueueUrl: url,
			Entries: []sqsapi.SendMessageBatchRequestEntry{{Id: api.Some("a"), MessageBody: api.Some("b")}}}, new(sqsapi.SendMessageBatchResult)),
		"SetQueueAttributes": r.SetQueueAttributes(in(sqsapi.OpSetQueueAttributes), &sqsapi.SetQueueAttributesRequest{QueueUrl: url, Attributes: map[string]string{"DelaySeconds": "1"}}),
		"TagQueue":           r.TagQueue(in(sqsapi.OpTagQueue), &sqsapi.TagQueueRequest{QueueUrl: url, Tags: map[string]string{"a": "b"}}),
		"UntagQueue":         r.UntagQueue(in(sqsapi.OpUntagQueue), &sqsapi.UntagQueueRequest{QueueUrl: url, TagKeys: []string{"a"}}),
	}
}

func TestOperationsNeedTheirQueue(t *testing.T) {
	r := newRig(t)
	r.create("orders", nil)
	for _, c := range []struct {
		name string
		url  api.Opt[string]
		code string
		text string
	}{
		{"no queue of the name", api.Some(urlPrefix + "none"), "QueueDoesNotExist", "The specified queue does not exist."},
		{"no name of a queue", api.Some(urlPrefix + "a%20b"), "QueueDoesNotExist", "The specified queue does not exist."},
		{"another account's", api.Some("http://localhost/111122223333/orders"), "AccessDeniedException", "Access to the resource http://localhost/111122223333/orders is denied."},
		{"no account", api.Some("http://localhost/shop/orders"), "InvalidAddress", "The address http://localhost/shop/orders is not valid for this endpoint."},
		{"none given", api.Opt[string]{}, "MissingRequiredParameterException", "The request must contain the parameter QueueUrl."},
	} {
		for op, err := range r.onQueue(c.url) {
			var e *api.Error
			if !errors.As(err, &e) || e.Shape.Code != c.code || e.Message != c.text {
				t.Errorf("%s of %s: %v\nwant %s: %s", op, c.name, err, c.code, c.text)
			}
		}
	}
}

func TestQueueCreation(t *testing.T) {
	r := newRig(t)
	r.create("orders", map[string]string{"DelaySeconds": "5"})
	r.create("dead", nil)
	r.create("closed", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	many := map[string]string{}
	for i := range maxTags + 1 {
		many[fmt.Sprint(i)] = ""
	}
	const name = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	for _, c := range []struct {
		what, name       string
		attributes, tags map[string]string
		code, text       string // empty where it is made, or is there
	}{
		{"again", "orders", nil, nil, "", ""},
		{"again, alike", "orders", map[string]string{"DelaySeconds": "5"}, nil, "", ""},
		{"again, with other tags", "orders", nil, map[string]string{"a": "b"}, "", ""},
		{"again, different", "orders", map[string]string{"DelaySeconds": "6"}, nil, "QueueNameExists", "A queue already exists with the same name and a different value for attribute DelaySeconds"},
		{"no name", "", nil, nil, "InvalidParameterValueException", name},
		{"81 characters", strings.Repeat("a", 81), nil, nil, "InvalidParameterValueException", name},
		{"a suffix without the attribute", "a.fifo", nil, nil, "InvalidParameterValueException", name},
		{"the attribute without a suffix", "a", map[string]string{"FifoQueue": "true"}, nil, "InvalidParameterValueException", name},
		{"no FIFO queue, explicitly", "a", map[string]string{"FifoQueue": "false"}, nil, "InvalidAttributeName", "Unknown Attribute FifoQueue."},
		{"deduplication by content", "a", map[string]string{"ContentBasedDeduplication": "true"}, nil, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		{"an unknown attribute", "a", map[string]string{"Foobar": "1"}, nil, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"a value out of range", "a", map[string]string{"MessageRetentionPeriod": "59"}, nil, "InvalidAttributeValue", "Invalid value for the parameter MessageRetentionPeriod."},
		{"empty policies", "empty", map[string]string{"Policy": "", "RedrivePolicy": ""}, nil, "", ""},
		{"dead letters", "poisoned", redrive("dead", 3), nil, "", ""},
		{"dead letters of nowhere", "a", redrive("none", 3), nil, "InvalidParameterValueException", "Value " + redrive("none", 3)["RedrivePolicy"] + " for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."},
		{"dead letters that are not allowed", "a", redrive("closed", 3), nil, "InvalidParameterValueException", "Value " + redrive("closed", 3)["RedrivePolicy"] + " for parameter RedrivePolicy is invalid. Reason: The redrive allow policy of the dead-letter queue does not allow the queue as a source."},
		{"a reserved tag", "a", nil, map[string]string{"aws:a": "b"}, "InvalidParameterValueException", "Tag keys cannot start with the reserved prefix aws:."},
		{"too many tags", "a", nil, many, "InvalidParameterValueException", "A queue can have 200 tags at most."},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := r.tryCreate(c.name, c.attributes, c.tags)
			if c.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, c.code, c.text)
		})
	}
	r.restart()
	if got := r.tags("orders"); got != nil {
		t.Errorf("a queue that was there got tags %v", got)
	}
	// It is compared with what the queue is now.
	r.must(r.set("orders", map[string]string{"DelaySeconds": "6"}))
	r.must(r.tryCreate("orders", map[string]string{"DelaySeconds": "6"}, nil))
	wantCode(t, r.tryCreate("orders", map[string]string{"DelaySeconds": "5"}, nil), "QueueNameExists")
}

func TestNameOfADeletedQueue(t *testing.T) {
	r := newRig(t)
	url := r.create("orders", nil)
	r.send(url, "old", "", "")
	old := r.receive(url, 1)[0]
	r.must(r.drop("orders"))
	wantCode(t, r.drop("orders"), "QueueDoesNotExist")
	r.restart()
	r.clock.Advance(59 * time.Second)
	wantRefusal(t, r.tryCreate("orders", nil, nil), "QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	r.clock.Advance(time.Second)
	r.must(r.tryCreate("orders", nil, nil))
	r.wantBodies(r.receive(url, 10), "")
	wantCode(t, r.delete(url, old), "ReceiptHandleIsInvalid")

	// A name that nobody takes again is forgotten in the end.
	r.must(r.drop("orders"))
	r.clock.Advance(time.Minute)
	r.Service.sweep(context.Background())
	names := func() (n int) {
		r.must(r.store.Partition("sqs/000000000000/us-east-1").View(context.Background(), func(rd store.Reader) error {
			for _, err := range rd.Scan([]byte("n/"), []byte("n0")) {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		}))
		return n
	}
	if n := names(); n != 0 {
		t.Errorf("%d names are left of deleted queues", n)
	}

	now := newRig(t, func(o *Options) { o.Cooldown = 0 })
	for i := range 3 {
		now.create("orders", nil)
		now.send(url, fmt.Sprint(i), "", "")
		now.wantBodies(now.receive(url, 10), fmt.Sprint(i)+" ")
		now.must(now.drop("orders"))
	}
}

func TestQueueURLs(t *testing.T) {
	r := newRig(t)
	r.create("orders", nil)
	get := func(name, owner string) (string, error) {
		in := &sqsapi.GetQueueUrlRequest{QueueName: api.Some(name)}
		if owner != "" {
			in.QueueOwnerAWSAccountId = api.Some(owner)
		}
		var out sqsapi.GetQueueUrlResult
		err := r.GetQueueUrl(r.ctx(sqsapi.OpGetQueueUrl), in, &out)
		return out.QueueUrl.V, err
	}
	for _, owner := range []string{"", "000000000000"} {
		if url, err := get("orders", owner); err != nil || url != "https://sqs.us-east-1.amazonaws.com/000000000000/orders" {
			t.Errorf("owner %q: %s, %v", owner, url, err)
		}
	}
	for _, name := range []string{"none", "", "a/b"} {
		_, err := get(name, "")
		wantRefusal(t, err, "QueueDoesNotExist", "The specified queue does not exist.")
	}
	_, err := get("orders", "111122223333")
	wantRefusal(t, err, "QueueDoesNotExist", "The specified queue does not exist or you do not have access to it.")
}

func TestListOfQueues(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"b", "ab", "aa", "Ab", "ac"} {
		r.create(name, nil)
	}
	r.must(r.drop("ac"))
	list := func(in *sqsapi.ListQueuesRequest) (string, api.Opt[string], error) {
		var out sqsapi.ListQueuesResult
		err := r.ListQueues(r.ctx(sqsapi.OpListQueues), in, &out)
		for i, url := range out.QueueUrls {
			out.QueueUrls[i] = url[strings.LastIndexByte(url, '/')+1:]
		}
		return strings.Join(out.QueueUrls, " "), out.NextToken, err
	}
	for _, c := range []struct {
		in   *sqsapi.ListQueuesRequest
		want string
		more bool
	}{
		{&sqsapi.ListQueuesRequest{}, "Ab aa ab b", false},
		{&sqsapi.ListQueuesRequest{QueueNamePrefix: api.Some("a")}, "aa ab", false},
		{&sqsapi.ListQueuesRequest{QueueNamePrefix: api.Some("none")}, "", false},
		{&sqsapi.ListQueuesRequest{MaxResults: api.Some[int32](4)}, "Ab aa ab b", false},
		{&sqsapi.ListQueuesRequest{MaxResults: api.Some[int32](3)}, "Ab aa ab", true},
	} {
		got, next, err := list(c.in)
		if err != nil || got != c.want || next.Set != c.more {
			t.Errorf("%+v lists %q, more %v, %v", c.in, got, next.Set, err)
		}
	}
	in := &sqsapi.ListQueuesRequest{MaxResults: api.Some[int32](1), QueueNamePrefix: api.Some("a")}
	_, next, _ := list(in)
	in.NextToken = next
	if got, more, err := list(in); got != "ab" || more.Set || err != nil {
		t.Errorf("the second page is %q, more %v, %v", got, more.Set, err)
	}
	in.QueueNamePrefix = api.Some("")
	_, _, err := list(in)
	wantRefusal(t, err, "InvalidParameterValueException", "Value "+next.V+" for parameter NextToken is invalid. Reason: Invalid or expired next token.")
	_, _, err = list(&sqsapi.ListQueuesRequest{NextToken: api.Some("x")})
	wantRefusal(t, err, "InvalidParameterValueException", "Value x for parameter NextToken is invalid. Reason: Invalid or expired next token.")
	for _, n := range []int32{0, 1001} {
		_, _, err = list(&sqsapi.ListQueuesRequest{MaxResults: api.Some(n)})
		wantRefusal(t, err, "InvalidParameterValueException", fmt.Sprintf("Value %d for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided.", n))
	}

	for i := range 1001 {
		r.create(fmt.Sprintf("z%04d", i), nil)
	}
	got, next, err := list(&sqsapi.ListQueuesRequest{QueueNamePrefix: api.Some("z")})
	if names := strings.Fields(got); len(names) != 1000 || next.Set || err != nil {
		t.Errorf("%d of 1001 queues are listed, more %v, %v", len(names), next.Set, err)
	}
}

func TestTagsOfAQueue(t *testing.T) {
	r := newRig(t)
	r.create("orders", nil)
	untag := func(keys ...string) {
		t.Helper()
		r.must(r.UntagQueue(r.ctx(sqsapi.OpUntagQueue), &sqsapi.UntagQueueRequest{QueueUrl: api.Some(urlPrefix + "orders"), TagKeys: keys}))
	}
	want := func(want map[string]string) {
		t.Helper()
		if got := r.tags("orders"); !maps.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("tags are %v, want %v", got, want)
		}
	}
	want(nil)
	r.must(r.tag("orders", map[string]string{"a": "1", "A": ""}))
	r.must(r.tag("orders", map[string]string{"a": "2", "b": "3"}))
	r.restart()
	want(map[string]string{"a": "2", "A": "", "b": "3"})
	untag("a", "none")
	want(map[string]string{"A": "", "b": "3"})
	wantRefusal(t, r.tag("orders", map[string]string{"AWS:x": "1"}), "InvalidParameterValueException", "Tag keys cannot start with the reserved prefix aws:.")
	rest := map[string]string{}
	for i := range maxTags - 2 {
		rest[fmt.Sprint(i)] = ""
	}
	r.must(r.tag("orders", rest))
	r.must(r.tag("orders", rest)) // none of them is new
	wantRefusal(t, r.tag("orders", map[string]string{"one more": ""}), "InvalidParameterValueException", "A queue can have 200 tags at most.")
	untag(slices.Collect(maps.Keys(rest))...)
	want(map[string]string{"A": "", "b": "3"})
	untag("A", "b")
	want(nil)
}

func TestPermissionsOfAQueue(t *testing.T) {
	r := newRig(t)
	r.create("orders", nil)
	add := func(label string, actions ...string) error {
		return r.AddPermission(r.ctx(sqsapi.OpAddPermission), &sqsapi.AddPermissionRequest{QueueUrl: api.Some(urlPrefix + "orders"), Label: api.Some(label), AWSAccountIds: []string{"111122223333"}, Actions: actions})
	}
	remove := func(label string) error {
		return r.RemovePermission(r.ctx(sqsapi.OpRemovePermission), &sqsapi.RemovePermissionRequest{QueueUrl: api.Some(urlPrefix + "orders"), Label: api.Some(label)})
	}
	r.clock.Advance(time.Minute)
	r.must(add("l", "ReceiveMessage"))
	r.restart()
	const want = `{"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:orders/SQSDefaultPolicy","Statement":[` +
		`{"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:ReceiveMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:orders"}]}`
	got := r.get("orders", "Policy", "LastModifiedTimestamp")
	if got["Policy"] != want || got["LastModifiedTimestamp"] != fmt.Sprint(epoch.Add(time.Minute).Unix()) {
		t.Errorf("attributes are %v", got)
	}
	wantRefusal(t, add("l", "SendMessage"), "InvalidParameterValueException", "Value l for parameter Label is invalid. Reason: Already exists.")
	wantRefusal(t, add("m", "Foo"), "InvalidParameterValueException", "Value SQS:Foo for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. ")
	wantRefusal(t, add("m", slices.Repeat([]string{"SendMessage"}, 8)...), "OverLimit", "8 Actions were found, maximum allowed is 7.")
	wantRefusal(t, remove("m"), "InvalidParameterValueException", "Value m for parameter Label is invalid. Reason: can't find label.")
	r.must(remove("l"))
	if got := r.get("orders", "Policy"); got != nil {
		t.Errorf("the last statement went, and there is %v", got)
	}
}
