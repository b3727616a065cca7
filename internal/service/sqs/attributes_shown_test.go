package sqs

import (
	"maps"
	"strings"
	"testing"
)

// TestShowAll has the sets that were recorded of AWS.
func TestShowAll(t *testing.T) {
	standard := settings{
		"ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesNotVisible": "2", "ApproximateNumberOfMessagesDelayed": "1",
		"CreatedTimestamp": "1800000000", "LastModifiedTimestamp": "1800000001", "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
		"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
	}
	a := made(t, standardKey, nil)
	if got, err := a.show([]string{"All"}, testFacts); err != nil || !maps.Equal(got, standard) {
		t.Errorf("All of a standard queue: %v, %v", got, err)
	}

	fifo := maps.Clone(standard)
	fifo["QueueArn"] += ".fifo"
	fifo["FifoQueue"], fifo["ContentBasedDeduplication"], fifo["DeduplicationScope"], fifo["FifoThroughputLimit"] = "true", "false", "queue", "perQueue"
	facts := testFacts
	facts.key = fifoKey
	a = made(t, fifoKey, settings{"FifoQueue": "true"})
	if got, err := a.show([]string{"VisibilityTimeout", "All"}, facts); err != nil || !maps.Equal(got, fifo) {
		t.Errorf("All of a FIFO queue: %v, %v", got, err)
	}
}

func TestShow(t *testing.T) {
	const all = `{"redrivePermission":"allowAll"}`
	a := made(t, standardKey, settings{"RedriveAllowPolicy": all, "DelaySeconds": "5"})
	for _, c := range []struct {
		names []string
		want  settings
	}{
		{nil, nil},
		{[]string{"DelaySeconds", "QueueArn"}, settings{"DelaySeconds": "5", "QueueArn": standardKey.arn()}},
		{[]string{"Policy", "RedrivePolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}, nil},
		{[]string{"RedriveAllowPolicy"}, settings{"RedriveAllowPolicy": all}},
	} {
		if got, err := a.show(c.names, testFacts); err != nil || !maps.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%q: %v, %v; want %v", c.names, got, err, c.want)
		}
	}
	for _, name := range append([]string{"Foobar", "", "all", "SenderId"}, fifoAttributes...) {
		_, err := a.show([]string{"All", name}, testFacts)
		wantError(t, name, err, "InvalidAttributeName", "Unknown Attribute "+name+".")
	}
}

// TestDiffer is CreateQueue where there is a queue of the name.
func TestDiffer(t *testing.T) {
	const policy = `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead","maxReceiveCount":"3"}`
	standard := made(t, standardKey, settings{"DelaySeconds": "1", "VisibilityTimeout": "69", "RedrivePolicy": policy})
	fifo := made(t, fifoKey, settings{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	for _, c := range []struct {
		a      attributes
		given  settings
		differ string
	}{
		{standard, nil, ""},
		{standard, settings{"VisibilityTimeout": "69"}, ""},
		{standard, settings{"VisibilityTimeout": "069"}, ""},
		{standard, settings{"Policy": "", "KmsMasterKeyId": "", "MessageRetentionPeriod": "345600"}, ""},
		{standard, settings{"RedrivePolicy": `{ "maxReceiveCount": 3, "deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead" }`}, ""},
		{standard, settings{"RedriveAllowPolicy": `{"redrivePermission":"allowAll"}`}, ""},
		{standard, settings{"KmsDataKeyReusePeriodSeconds": "300"}, ""},
		{fifo, settings{"FifoQueue": "true"}, ""},
		{fifo, settings{"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "queue"}, ""},

		{standard, settings{"VisibilityTimeout": "30", "DelaySeconds": "2"}, "DelaySeconds"},
		{standard, settings{"VisibilityTimeout": "30", "DelaySeconds": "1"}, "VisibilityTimeout"},
		{standard, settings{"RedrivePolicy": ""}, "RedrivePolicy"},
		{standard, settings{"RedrivePolicy": strings.Replace(policy, `"3"`, `"4"`, 1)}, "RedrivePolicy"},
		{standard, settings{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`}, "RedriveAllowPolicy"},
		{standard, settings{"KmsDataKeyReusePeriodSeconds": "301"}, "KmsDataKeyReusePeriodSeconds"},
		{standard, settings{"KmsMasterKeyId": managedKey}, "KmsMasterKeyId"},
		{fifo, settings{"FifoQueue": "true", "ContentBasedDeduplication": "false"}, "ContentBasedDeduplication"},
	} {
		if got := c.a.differ(made(t, keyOf(c.a.FIFO), c.given), c.given); got != c.differ {
			t.Errorf("%v differs in %q, want %q", c.given, got, c.differ)
		}
	}
}
