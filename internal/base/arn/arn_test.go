package arn

import "testing"

func TestParse(t *testing.T) {
	for s, want := range map[string]ARN{
		"arn:aws:sqs:us-east-1:000000000000:orders.fifo":        New("sqs", "us-east-1", "000000000000", "orders.fifo"),
		"arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a/b": {"aws-cn", "kinesis", "cn-north-1", "123456789012", "stream/a/b"},
		"arn:aws:s3:::bucket/key:with:colons":                   New("s3", "", "", "bucket/key:with:colons"),
	} {
		got, ok := Parse(s)
		if !ok || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", s, got, ok, want)
		}
		if got.String() != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
	for _, s := range []string{"", "orders", "arn:aws:sqs:us-east-1:000000000000", "arn:aws:sqs:us-east-1:000000000000:", "arn:gcp:sqs:r:a:q", "arn:aws::r:a:q", "urn:aws:sqs:r:a:q"} {
		if got, ok := Parse(s); ok {
			t.Errorf("Parse(%q) = %+v", s, got)
		}
	}
}
