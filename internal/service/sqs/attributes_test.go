package sqs

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
)

type settings = map[string]string

var (
	standardKey = queueKey{testAccount, testRegion, "orders"}
	fifoKey     = queueKey{testAccount, testRegion, "orders.fifo"}
	testFacts   = queueFacts{key: standardKey, created: 1_800_000_000_999, modified: 1_800_000_001_000, visible: 3, inFlight: 2, delayed: 1}
)

func keyOf(fifo bool) queueKey {
	if fifo {
		return fifoKey
	}
	return standardKey
}

// made returns the settings of a queue that is made with some attributes.
func made(t *testing.T, key queueKey, given settings) attributes {
	t.Helper()
	a, err := newAttributes(key, given)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestNumericAttributes goes to the bounds of each range.
func TestNumericAttributes(t *testing.T) {
	for name, bounds := range map[string][2]int{
		"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, 1048576}, "MessageRetentionPeriod": {60, 1209600},
		"ReceiveMessageWaitTimeSeconds": {0, 20}, "VisibilityTimeout": {0, 43200}, "KmsDataKeyReusePeriodSeconds": {60, 86400},
	} {
		for _, v := range bounds {
			a := made(t, standardKey, settings{name: fmt.Sprint(v)})
			if got, err := a.show([]string{name}, testFacts); err != nil || got[name] != fmt.Sprint(v) {
				t.Errorf("%s = %d is shown as %v, %v", name, v, got, err)
			}
		}
		for _, v := range []string{fmt.Sprint(bounds[0] - 1), fmt.Sprint(bounds[1] + 1), "", "x", "70.5", " 70", "99999999999999999999", "4294967366"} {
			_, err := newAttributes(standardKey, settings{name: v})
			wantError(t, name+"="+v, err, "InvalidAttributeValue", "Invalid value for the parameter "+name+".")
		}
	}
}

func TestNewAttributes(t *testing.T) {
	const (
		name  = "InvalidAttributeName"
		value = "InvalidAttributeValue"
		sse   = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
		chars = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	)
	fifo := settings{"FifoQueue": "true"}
	with := func(of settings, more ...string) settings {
		of = maps.Clone(of)
		for i := 0; i < len(more); i += 2 {
			of[more[i]] = more[i+1]
		}
		return of
	}
	for _, c := range []struct {
		key        queueKey
		given      settings
		code, text string
	}{
		{standardKey, nil, "", ""},
		{standardKey, settings{"Policy": "", "RedrivePolicy": "", "RedriveAllowPolicy": "", "KmsMasterKeyId": ""}, "", ""},
		{standardKey, settings{"SqsManagedSseEnabled": "false"}, "", ""},
		{standardKey, settings{"KmsMasterKeyId": "alias/aws/sqs"}, "", ""},
		{standardKey, settings{"KmsMasterKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs", "SqsManagedSseEnabled": "false"}, "", ""},
		{fifoKey, fifo, "", ""},
		{fifoKey, with(fifo, "ContentBasedDeduplication", "true", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId"), "", ""},

		{standardKey, settings{"FifoQueue": "false"}, name, "Unknown Attribute FifoQueue."},
		{fifoKey, settings{"FifoQueue": "false"}, name, "Unknown Attribute FifoQueue."},
		{standardKey, settings{"FifoQueue": "maybe"}, value, "Invalid value for the parameter FifoQueue."},
		{standardKey, fifo, "InvalidParameterValue", chars},
		{fifoKey, nil, "InvalidParameterValue", chars},
		{standardKey, settings{"ContentBasedDeduplication": "true"}, name, "Unknown Attribute ContentBasedDeduplication."},
		{standardKey, settings{"DeduplicationScope": "queue"}, name, "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		{standardKey, settings{"FifoThroughputLimit": "perQueue"}, name, "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
		{standardKey, settings{"Foobar": "1"}, name, "Unknown Attribute Foobar."},
		{standardKey, settings{"All": "1"}, name, "Unknown Attribute All."},
		{standardKey, settings{"SqsManagedSseEnabled": "yes"}, value, "Invalid value for the parameter SqsManagedSseEnabled."},
		{fifoKey, with(fifo, "ContentBasedDeduplication", ""), value, "Invalid value for the parameter ContentBasedDeduplication."},
		{fifoKey, with(fifo, "DeduplicationScope", "group"), value, "Invalid value for the parameter DeduplicationScope."},
		{fifoKey, with(fifo, "FifoThroughputLimit", "x"), value, "Invalid value for the parameter FifoThroughputLimit."},
		{fifoKey, with(fifo, "FifoThroughputLimit", "perMessageGroupId"), value, "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."},
		{standardKey, settings{"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"}, name, sse},
		{standardKey, settings{"KmsMasterKeyId": "alias/mine"}, "KMS.NotFoundException", "Key 'alias/mine' does not exist"},
		{standardKey, settings{"KmsMasterKeyId": "arn:aws:kms:us-east-1:123456789012:alias/aws/sqs"}, "KMS.NotFoundException", "Key 'arn:aws:kms:us-east-1:123456789012:alias/aws/sqs' does not exist"},
		{standardKey, settings{"Policy": "{"}, value, "Invalid value for the parameter Policy."},
	} {
		_, err := newAttributes(c.key, c.given)
		wantError(t, fmt.Sprint(c.key.name, c.given), err, c.code, c.text)
	}
	for _, derived := range derivedAttributes {
		_, err := newAttributes(standardKey, settings{derived: "1"})
		wantError(t, derived, err, name, "Unknown Attribute "+derived+".")
	}
}

// TestChange is SetQueueAttributes: all of what is given or nothing.
func TestChange(t *testing.T) {
	for _, fifo := range []string{"true", "false"} {
		_, err := defaults(false).with(standardKey, settings{"FifoQueue": fifo})
		wantError(t, "a standard queue's type", err, "InvalidAttributeName", "Unknown Attribute FifoQueue.")
	}
	_, err := defaults(true).with(fifoKey, settings{"FifoQueue": "false"})
	wantError(t, "a FIFO queue's type", err, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	if _, err := defaults(true).with(fifoKey, settings{"FifoQueue": "true"}); err != nil {
		t.Errorf("the type that it has: %v", err)
	}

	was := defaults(false)
	got, err := was.with(standardKey, settings{"DelaySeconds": "5", "VisibilityTimeout": "-1"})
	if err == nil || got != was {
		t.Errorf("half of it was done: %+v, %v", got, err)
	}

	high := made(t, fifoKey, settings{"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	if regular := defaults(true); !high.perGroup() || regular.perGroup() {
		t.Error("the scope of deduplication is mistaken")
	}
	_, err = high.with(fifoKey, settings{"DeduplicationScope": "queue"})
	wantError(t, "the scope alone", err, "InvalidAttributeValue", "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	if _, err = high.with(fifoKey, settings{"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}); err != nil {
		t.Errorf("back to regular throughput: %v", err)
	}
}

// TestEncryption goes the way that was recorded: with a key, and back to the
// defaults.
func TestEncryption(t *testing.T) {
	names := []string{"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"}
	a := defaults(false)
	for _, step := range []struct{ given, want settings }{
		{settings{}, settings{"SqsManagedSseEnabled": "true"}},
		{settings{"KmsMasterKeyId": managedKey, "KmsDataKeyReusePeriodSeconds": "6000"}, settings{"KmsMasterKeyId": managedKey, "KmsDataKeyReusePeriodSeconds": "6000", "SqsManagedSseEnabled": "false"}},
		{settings{"KmsDataKeyReusePeriodSeconds": "300"}, settings{"KmsMasterKeyId": managedKey, "KmsDataKeyReusePeriodSeconds": "300", "SqsManagedSseEnabled": "false"}},
		{settings{"KmsMasterKeyId": ""}, settings{"SqsManagedSseEnabled": "false"}},
		{settings{"SqsManagedSseEnabled": "true"}, settings{"SqsManagedSseEnabled": "true"}},
	} {
		var err error
		if a, err = a.with(standardKey, step.given); err != nil {
			t.Fatal(err)
		}
		if got, err := a.show(names, testFacts); err != nil || !maps.Equal(got, step.want) {
			t.Errorf("after %v: %v, %v; want %v", step.given, got, err, step.want)
		}
	}
	for _, c := range []struct {
		given settings
		want  bool
	}{{nil, true}, {settings{"SqsManagedSseEnabled": "false"}, false}, {settings{"KmsMasterKeyId": managedKey}, true}} {
		if b := made(t, standardKey, c.given); b.encrypts() != c.want {
			t.Errorf("%v encrypts: %v", c.given, !c.want)
		}
	}
	a.KMSMasterKeyID, a.ManagedSSE = managedKey, false
	_, err := a.with(standardKey, settings{"SqsManagedSseEnabled": "true"})
	wantError(t, "both", err, "InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
}

// TestAttributesAreKept says that a row holds every setting.
func TestAttributesAreKept(t *testing.T) {
	a := made(t, fifoKey, settings{
		"FifoQueue": "true", "DelaySeconds": "1", "MaximumMessageSize": "2000", "MessageRetentionPeriod": "61", "ReceiveMessageWaitTimeSeconds": "2",
		"VisibilityTimeout": "3", "Policy": testPolicy, "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead.fifo","maxReceiveCount":5}`,
		"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-west-1:123456789012:a.fifo"]}`,
		"KmsMasterKeyId":     managedKey, "KmsDataKeyReusePeriodSeconds": "61", "ContentBasedDeduplication": "true",
		"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
	})
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "ManagedSSE" { // a key excludes it
			t.Errorf("the test does not set %s", name)
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var got attributes
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%s comes back as %+v, %v", b, got, err)
	}
	all, err := a.show([]string{"All"}, testFacts)
	if err != nil || len(all) != len(derivedAttributes)+len(ownAttributes)+len(fifoAttributes) {
		t.Errorf("of %v not all are shown: %v, %v", slices.Concat(ownAttributes, fifoAttributes), all, err)
	}
}
