package sqs

import (
	"bytes"
	"context"
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

func TestAttributesOfAFreshQueue(t *testing.T) {
	standard := map[string]string{
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "0",
		"CreatedTimestamp": fmt.Sprint(epoch.Unix()), "LastModifiedTimestamp": fmt.Sprint(epoch.Unix()),
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"VisibilityTimeout": "30", "SqsManagedSseEnabled": "true", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:s",
	}
	fifo := maps.Clone(standard)
	maps.Copy(fifo, map[string]string{
		"QueueArn": "arn:aws:sqs:us-east-1:000000000000:s.fifo", "FifoQueue": "true", "ContentBasedDeduplication": "false",
		"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
	})
	r := newRig(t)
	for queue, want := range map[string]map[string]string{"s": standard, "s.fifo": fifo} {
		r.create(queue, typeOf(queue))
		if got := r.get(queue, "All"); !maps.Equal(got, want) {
			t.Errorf("%s has %v\nwant %v", queue, got, want)
		}
		if got := r.get(queue); got != nil {
			t.Errorf("%s shows %v to whom asked for nothing", queue, got)
		}
	}
	err := r.GetQueueAttributes(r.ctx(sqsapi.OpGetQueueAttributes), &sqsapi.GetQueueAttributesRequest{QueueUrl: api.Some(urlPrefix + "s"), AttributeNames: []string{"FifoQueue"}}, new(sqsapi.GetQueueAttributesResult))
	wantRefusal(t, err, "InvalidAttributeName", "Unknown Attribute FifoQueue.")
}

func TestCountsOfMessages(t *testing.T) {
	for _, queue := range []string{"s", "s.fifo"} {
		r := newRig(t)
		url := r.create(queue, typeOf(queue))
		want := func(visible, inFlight, delayed string) {
			t.Helper()
			got := r.get(queue, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
			if got["ApproximateNumberOfMessages"] != visible || got["ApproximateNumberOfMessagesNotVisible"] != inFlight || got["ApproximateNumberOfMessagesDelayed"] != delayed {
				t.Errorf("%s counts %v, want %s, %s, %s", queue, got, visible, inFlight, delayed)
			}
		}
		for _, s := range []string{"1", "2", "3"} {
			r.send(url, s, typed(url, s), typed(url, s))
		}
		want("3", "0", "0")
		held := r.receive(url, 2)
		want("1", "2", "0")
		r.must(r.delete(url, held[0]))
		want("1", "1", "0")
		r.must(r.set(queue, map[string]string{"DelaySeconds": "60"}))
		r.clock.Advance(time.Minute) // what a FIFO queue had is delayed too
		r.send(url, "4", typed(url, "4"), typed(url, "4"))
		want("2", "0", "1")
		r.restart()
		if suffix(url) == "" { // a FIFO queue counts only what it sent since
			want("2", "0", "1")
		}
		r.clock.Advance(time.Minute)
		want("3", "0", "0")
	}
}

func TestChangeOfAttributes(t *testing.T) {
	r := newRig(t)
	r.create("dead", nil)
	r.create("closed", map[string]string{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	r.create("choosy", map[string]string{"RedriveAllowPolicy": fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":[%q]}`, arnOf("s"))})
	r.create("s", nil)
	r.create("other", nil)
	r.create("s.fifo", typeOf("s.fifo"))
	policy := func(target, reason string) string {
		return "Value " + redrive(target, 2)["RedrivePolicy"] + " for parameter RedrivePolicy is invalid. Reason: " + reason
	}
	const sse = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
	for _, c := range []struct {
		queue      string
		given      map[string]string
		code, text string // empty where it is taken
	}{
		{"s", nil, "MissingRequiredParameterException", "The request must contain the parameter Attributes."},
		{"s", map[string]string{"Foobar": "1"}, "InvalidAttributeName", "Unknown Attribute Foobar."},
		{"s", map[string]string{"QueueArn": "x"}, "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{"s", map[string]string{"All": "x"}, "InvalidAttributeName", "Unknown Attribute All."},
		{"s", map[string]string{"DelaySeconds": "901"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."},
		{"s", map[string]string{"VisibilityTimeout": "-1"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		{"s", map[string]string{"MaximumMessageSize": "1023"}, "InvalidAttributeValue", "Invalid value for the parameter MaximumMessageSize."},
		{"s", map[string]string{"ReceiveMessageWaitTimeSeconds": "many"}, "InvalidAttributeValue", "Invalid value for the parameter ReceiveMessageWaitTimeSeconds."},
		{"s", map[string]string{"Policy": "{"}, "InvalidAttributeValue", "Invalid value for the parameter Policy."},
		{"s", map[string]string{"FifoQueue": "true"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."},
		{"s.fifo", map[string]string{"FifoQueue": "false"}, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."},
		{"s", map[string]string{"DeduplicationScope": "queue"}, "InvalidAttributeName", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		{"s", map[string]string{"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"}, "InvalidAttributeName", sse},
		{"s", map[string]string{"KmsMasterKeyId": "alias/mine"}, "KmsNotFound", "Key 'alias/mine' does not exist"},
		{"s", redrive("none", 2), "InvalidParameterValueException", policy("none", "Dead letter target does not exist.")},
		{"s", redrive("closed", 2), "InvalidParameterValueException", policy("closed", "The redrive allow policy of the dead-letter queue does not allow the queue as a source.")},
		{"other", redrive("choosy", 2), "InvalidParameterValueException", policy("choosy", "The redrive allow policy of the dead-letter queue does not allow the queue as a source.")},
		{"s.fifo", redrive("dead", 2), "InvalidParameterValueException", policy("dead", "Dead-letter queue must be same type of queue as the source.")},
		{"s", redrive("choosy", 2), "", ""},
		{"s", redrive("dead", 2), "", ""},
		{"s", map[string]string{"RedrivePolicy": ""}, "", ""},
		{"s.fifo", map[string]string{"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}, "", ""},
	} {
		before := r.get(c.queue, "All")
		given := maps.Clone(c.given)
		if c.code != "" && given != nil {
			given["MessageRetentionPeriod"] = "3600" // refused with the rest
		}
		err := r.set(c.queue, given)
		if c.code == "" {
			r.must(err)
			continue
		}
		wantRefusal(t, err, c.code, c.text)
		if after := r.get(c.queue, "All"); !maps.Equal(before, after) {
			t.Errorf("%v was refused and changed %v to %v", given, before, after)
		}
	}
	r.clock.Advance(time.Minute)
	r.must(r.set("s", map[string]string{"VisibilityTimeout": "10", "DelaySeconds": "3"}))
	r.restart()
	got := r.get("s", "VisibilityTimeout", "DelaySeconds", "LastModifiedTimestamp", "RedrivePolicy")
	want := map[string]string{"VisibilityTimeout": "10", "DelaySeconds": "3", "LastModifiedTimestamp": fmt.Sprint(epoch.Add(time.Minute).Unix())}
	if !maps.Equal(got, want) {
		t.Errorf("after a restart: %v, want %v", got, want)
	}
}

// What is stored is encrypted exactly while the queue says so, and messages of
// every time can be read.
func TestEncryptionSwitched(t *testing.T) {
	r := newRig(t)
	url := r.create("s", nil)
	stored := func(text string) (found bool) {
		r.must(r.store.Partition(testKey("s").partition()).View(context.Background(), func(rd store.Reader) error {
			found = false
			for kv, err := range rd.Scan(nil, nil) {
				if err != nil {
					return err
				}
				found = found || bytes.Contains(kv.Value, []byte(text))
			}
			return nil
		}))
		return found
	}
	for i, c := range []struct {
		set       map[string]string
		encrypted bool
	}{
		{nil, true},
		{map[string]string{"SqsManagedSseEnabled": "false"}, false},
		{map[string]string{"KmsMasterKeyId": "alias/aws/sqs"}, true},
		{map[string]string{"KmsMasterKeyId": ""}, false},
		{map[string]string{"SqsManagedSseEnabled": "true"}, true},
	} {
		if c.set != nil {
			r.must(r.set("s", c.set))
		}
		body := fmt.Sprint("a secret of time ", i)
		r.send(url, body, "", "")
		if plain := stored(body); plain == c.encrypted {
			t.Errorf("after %v: in plain text: %v", c.set, plain)
		}
	}
	r.restart()
	var bodies []string
	for _, m := range r.receive(url, 10) {
		bodies = append(bodies, m.Body.V[len(m.Body.V)-1:])
	}
	if slices.Sort(bodies); strings.Join(bodies, "") != "01234" {
		t.Errorf("received %q", bodies)
	}
}

func TestAttributesHoldForMessagesThatAreThere(t *testing.T) {
	r := newRig(t)
	url := r.create("s", nil)
	r.send(url, "old", "", "")
	r.must(r.set("s", map[string]string{"DelaySeconds": "900", "VisibilityTimeout": "5"}))
	r.wantBodies(r.receive(url, 1), "old ") // a delay does not count for it
	r.clock.Advance(5 * time.Second)
	r.wantBodies(r.receive(url, 1), "old ")
	r.clock.Advance(60 * time.Second)
	r.must(r.set("s", map[string]string{"MessageRetentionPeriod": "60"}))
	r.wantBodies(r.receive(url, 1), "") // but the retention does

	url = r.create("s.fifo", typeOf("s.fifo"))
	r.send(url, "old", "g", "1")
	r.must(r.set("s.fifo", map[string]string{"DelaySeconds": "10"}))
	r.wantBodies(r.receive(url, 1), "") // in a FIFO queue both do
	r.clock.Advance(10 * time.Second)
	r.wantBodies(r.receive(url, 1), "old ")
}

func TestPurge(t *testing.T) {
	for _, queue := range []string{"s", "s.fifo"} {
		r := newRig(t)
		url := r.create(queue, typeOf(queue))
		for _, s := range []string{"1", "2", "3"} {
			r.send(url, s, typed(url, s), typed(url, s))
		}
		if suffix(url) == "" {
			r.send(url, "tenant's", "tenant", "")
			r.sendDelayed(url, "delayed", 60)
		}
		held := r.receive(url, 1)[0]
		r.must(r.purge(queue))
		r.wantCounts(queue, 0, 0, 0)
		r.must(r.delete(url, held))
		r.send(url, "1 again", typed(url, "1"), typed(url, "1")) // its id is forgotten
		r.restart()
		r.wantBodies(r.receive(url, 10), "1 again ")
		r.wantRows(queue, 1)
		wantRefusal(t, r.purge(queue), "PurgeQueueInProgress", "Only one PurgeQueue operation on "+queue+" is allowed every 60 seconds.")
		r.wantCounts(queue, 0, 1, 0)
		r.clock.Advance(time.Minute)
		r.must(r.purge(queue))
		r.clock.Advance(time.Hour)
		r.wantBodies(r.receive(url, 10), "")
	}
	r := newRig(t, func(o *Options) { o.Cooldown = 0 })
	r.create("s", nil)
	r.must(r.purge("s"))
	r.must(r.purge("s"))
}

// A disk that is full keeps no one from making room.
func TestFullDisk(t *testing.T) {
	r := newRig(t)
	url := r.create("s", nil)
	r.send(url, "1", "", "")
	r.send(url, "2", "", "")
	r.store.SetNoSpace(true)
	if err := r.tag("s", map[string]string{"a": "b"}); err == nil {
		t.Error("a tag was stored on a full disk")
	}
	r.must(r.delete(url, r.receive(url, 1)[0]))
	r.must(r.purge("s"))
	r.must(r.drop("s"))
}
