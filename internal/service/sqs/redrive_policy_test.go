package sqs

import (
	"fmt"
	"strings"
	"testing"
)

func TestRedrivePolicy(t *testing.T) {
	const (
		target = "arn:aws:sqs:eu-west-1:123456789012:dead"
		code   = "InvalidParameterValue"
	)
	policy := func(target, count string) string {
		return `{"deadLetterTargetArn":"` + target + `","maxReceiveCount":` + count + `}`
	}
	for _, count := range []string{"1", "1000", `"1"`, `"1000"`} {
		text := policy(target, count)
		p, err := parseRedrivePolicy(standardKey, text)
		if err != nil || p.Text != text || p.Target != target || fmt.Sprint(p.MaxReceives) != strings.Trim(count, `"`) {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	if p, err := parseRedrivePolicy(standardKey, ""); p != nil || err != nil {
		t.Errorf("of none: %+v, %v", p, err)
	}
	count := func(n string) string {
		return "Invalid value for maxReceiveCount: " + n + ", valid values are from 1 to 1000 both inclusive."
	}
	for _, c := range []struct{ text, reason string }{
		{`{}`, "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
		{`{"MaxReceiveCount":4,"DeadLetterTargetArn":"x"}`, "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
		{`{"maxReceiveCount":4}`, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."},
		{`{"maxReceiveCount":4,"deadLetterTargetArn":"x","y":1}`, "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."},
		{policy(target, "0"), count("0")},
		{policy(target, "1001"), count("1001")},
		{policy(target, "-1"), count("-1")},
		{policy(target, "1.5"), count("1.5")},
		{policy(target, `"x"`), count("x")},
		{policy(target, "null"), count("")},
		{policy("dead", "1"), "Dead-letter target ARN should be fully qualified ARN."},
		{policy("arn:aws:sqs:eu-west-1:000000000000:dead", "1"), "Dead-letter target owner should be same as the source."},
		{policy("arn:aws:sqs:us-east-1:123456789012:dead", "1"), "Dead letter target does not exist."},
		{policy(target+".fifo", "1"), "Dead-letter queue must be same type of queue as the source."},
		{policy(standardKey.arn(), "1"), "Dead-letter queue must not be the source itself."},
	} {
		p, err := parseRedrivePolicy(standardKey, c.text)
		wantError(t, c.text, err, code, "Value "+c.text+" for parameter RedrivePolicy is invalid. Reason: "+c.reason)
		if err == nil {
			t.Errorf("%s is %+v", c.text, p)
		}
	}
	for _, text := range []string{"x", "[]", "null", "5", `"x"`} {
		_, err := parseRedrivePolicy(standardKey, text)
		wantError(t, text, err, "InvalidAttributeValue", "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
	}
	p, err := parseRedrivePolicy(standardKey, policy(target, "3"))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "missing", p.missingTarget(), code, "Value "+p.Text+" for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.")
	wantError(t, "denied", p.deniedTarget(), code, "Value "+p.Text+" for parameter RedrivePolicy is invalid. Reason: The redrive allow policy of the dead-letter queue does not allow the queue as a source.")
}

func TestRedriveAllowPolicy(t *testing.T) {
	other := queueKey{testAccount, testRegion, "other"}
	for _, c := range []struct {
		text        string
		self, other bool
	}{
		{"", true, true},
		{`{"redrivePermission":"allowAll"}`, true, true},
		{`{"redrivePermission":"allowAll","sourceQueueArns":[]}`, true, true},
		{`{"redrivePermission":"denyAll"}`, false, false},
		{`{"redrivePermission":"byQueue","sourceQueueArns":["` + standardKey.arn() + `"]}`, true, false},
	} {
		p, err := parseRedriveAllowPolicy(c.text)
		if err != nil || p.allows(standardKey) != c.self || p.allows(other) != c.other || p != nil && p.Text != c.text {
			t.Errorf("%s: %+v, %v", c.text, p, err)
		}
	}
	arns := func(n int) string {
		return `"sourceQueueArns":[` + strings.TrimSuffix(strings.Repeat(`"arn:aws:sqs:eu-west-1:123456789012:a",`, n), ",") + `]`
	}
	if _, err := parseRedriveAllowPolicy(`{"redrivePermission":"byQueue",` + arns(10) + `}`); err != nil {
		t.Errorf("ten sources: %v", err)
	}
	const (
		only = "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."
		also = "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
	)
	for _, c := range []struct{ text, reason string }{
		{`{"redrivePermission":"allowAll",` + arns(1) + `}`, only},
		{`{"redrivePermission":"denyAll",` + arns(1) + `}`, only},
		{`{"redrivePermission":"byQueue"}`, also},
		{`{"redrivePermission":"byQueue",` + arns(0) + `}`, also},
		{`{"redrivePermission":"byQueue",` + arns(11) + `}`, "The maximum number of source queue ARNs you can specify is 10."},
	} {
		_, err := parseRedriveAllowPolicy(c.text)
		wantError(t, c.text, err, "InvalidParameterValue", "Value "+c.text+" for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. "+c.reason)
	}
	for _, text := range []string{"x", "[]", "null", "{}", `{"redrivePermission":"some"}`, `{"redrivePermission":"allowAll","x":1}`, `{"redrivePermission":"byQueue","sourceQueueArns":"x"}`, `{"redrivePermission":"byQueue","sourceQueueArns":[{}]}`} {
		_, err := parseRedriveAllowPolicy(text)
		wantError(t, text, err, "InvalidAttributeValue", "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")
	}
}

func TestSamePolicies(t *testing.T) {
	a, b := &redrivePolicy{"a", "t", 1}, &redrivePolicy{"b", "t", 1}
	if !a.same(b) || a.same(nil) || !(*redrivePolicy)(nil).same(nil) || (*redrivePolicy)(nil).same(a) || a.same(&redrivePolicy{"a", "t", 2}) || a.same(&redrivePolicy{"a", "u", 1}) {
		t.Error("redrive policies differ where they do not, or do not where they do")
	}
	deny := &redriveAllowPolicy{Permission: denyAll}
	if !(*redriveAllowPolicy)(nil).same(&redriveAllowPolicy{Permission: allowAll}) || deny.same(nil) || !deny.same(deny) ||
		(&redriveAllowPolicy{Permission: byQueue, Sources: []string{"a"}}).same(&redriveAllowPolicy{Permission: byQueue, Sources: []string{"b"}}) {
		t.Error("redrive allow policies differ where they do not, or do not where they do")
	}
}
