package sqs

import (
	"fmt"
	"maps"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

func TestSystemAttributes(t *testing.T) {
	full := someMessage(t)
	full.received = 3
	plain := message{sent: 1, sender: "s"}
	for _, c := range []struct {
		younger, older []string
		m              message
		r              reception
		want           map[string]string
	}{
		{nil, nil, full, reception{1, 2, "3"}, nil},
		{[]string{"All"}, nil, full, reception{2, 9, "10000000000000000007"}, map[string]string{
			"SenderId": "AIDAEXAMPLE:session", "SentTimestamp": "1800000000123", "ApproximateReceiveCount": "5", "ApproximateFirstReceiveTimestamp": "1800000000456",
			"SequenceNumber": "10000000000000000007", "MessageDeduplicationId": "dedup", "MessageGroupId": "group",
			"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793", "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
		}},
		{nil, []string{"All"}, plain, reception{1, 9, ""}, map[string]string{"SenderId": "s", "SentTimestamp": "1", "ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "9"}},
		{[]string{"SenderId", "AWSTraceHeader"}, []string{"All"}, plain, reception{}, map[string]string{"SenderId": "s"}},
		{nil, []string{"ApproximateReceiveCount"}, plain, reception{count: 7}, map[string]string{"ApproximateReceiveCount": "7"}},
		{[]string{"AWSTraceHeader"}, nil, plain, reception{}, nil},
	} {
		set, err := parseSystemAttributes(c.younger, c.older)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.of(&c.m, c.r); !maps.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%q, %q: %v, want %v", c.younger, c.older, got, c.want)
		}
	}
	_, err := parseSystemAttributes([]string{"All", "Foobar"}, nil)
	wantError(t, "a name", err, "InvalidAttributeName", "Unknown Attribute Foobar.")
}

func TestSentSystemAttributes(t *testing.T) {
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	type system = map[string]sqsapi.MessageSystemAttributeValue
	trace, sum, err := sentSystemAttributes(system{"AWSTraceHeader": {DataType: api.Some("String"), StringValue: api.Some(header)}})
	if err != nil || trace != header || sum != api.Some("5ae4d5d7636402d80f4eb6d213245a88") {
		t.Errorf("%q, %v, %v", trace, sum, err)
	}
	if trace, sum, err := sentSystemAttributes(nil); trace != "" || sum.Set || err != nil {
		t.Errorf("of none: %q, %v, %v", trace, sum, err)
	}
	for _, c := range []struct {
		given system
		text  string
	}{
		{system{"Hello": {DataType: api.Some("String"), StringValue: api.Some("World")}}, "Message system attribute name 'Hello' is invalid."},
		{system{"AWSTraceHeader": {DataType: api.Some("Number"), StringValue: api.Some("1")}}, "The type of message system attribute 'AWSTraceHeader' is invalid. You must use only the following supported type: String."},
		{system{"AWSTraceHeader": {DataType: api.Some("String")}}, "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."},
		{system{"AWSTraceHeader": {DataType: api.Some("String"), StringValue: api.Some("\x00")}}, invalidCharacters},
	} {
		_, _, err := sentSystemAttributes(c.given)
		wantError(t, fmt.Sprint(c.given), err, "InvalidParameterValue", c.text)
	}
}
