package sqs

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

func TestCheckName(t *testing.T) {
	for _, c := range []struct {
		name string
		fifo bool
		ok   bool
	}{
		{"orders", false, true},
		{"A-z_09", false, true},
		{strings.Repeat("q", 80), false, true},
		{strings.Repeat("q", 81), false, false},
		{strings.Repeat("q", 75) + ".fifo", true, true},
		{strings.Repeat("q", 76) + ".fifo", true, false},
		{"orders.fifo", true, true},
		{"orders.fifo", false, false},
		{"orders", true, false},
		{".fifo", true, false},
		{"", false, false},
		{"a b", false, false},
		{"a.b", false, false},
		{"a/b", false, false},
		{"größe", false, false},
		{"orders.FIFO", true, false},
		{"a.fifo.fifo", true, false},
	} {
		code, text := "", ""
		if !c.ok {
			code, text = "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
		}
		wantError(t, c.name, checkName(c.name, c.fifo), code, text)
	}
}

func TestQueueOf(t *testing.T) {
	const other = "000000000000"
	for url, want := range map[string]queueKey{
		"https://sqs.eu-west-1.amazonaws.com/000000000000/orders":             {other, testRegion, "orders"},
		"https://eu-west-1.queue.amazonaws.com/000000000000/orders":           {other, testRegion, "orders"},
		"https://queue.amazonaws.com/000000000000/orders":                     {other, testRegion, "orders"},
		"https://sqs-fips.us-east-1.amazonaws.com/123456789012/orders":        {testAccount, testRegion, "orders"},
		"https://sqs.us-east-1.api.aws/123456789012/orders":                   {testAccount, testRegion, "orders"},
		"https://vpce-1-2.sqs.us-east-1.vpce.amazonaws.com/123456789012/o":    {testAccount, testRegion, "o"},
		"http://localhost:9324/000000000000/orders.fifo":                      {other, testRegion, "orders.fifo"},
		"http://[::1]:4566/000000000000/orders/":                              {other, testRegion, "orders"},
		"http://localhost:4566/queue/us-east-1/000000000000/orders":           {other, testRegion, "orders"},
		"http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q": {other, testRegion, "q"},
		"/000000000000/orders": {other, testRegion, "orders"},
		"000000000000/orders":  {other, testRegion, "orders"},
		"orders":               {testAccount, testRegion, "orders"},
	} {
		got, err := queueOf(testCall(api.HTTP{Path: "/999999999999/path"}), api.Some(url))
		if err != nil || got != want {
			t.Errorf("queueOf(%q) = %+v, %v; want %+v", url, got, err, want)
		}
	}
	for _, url := range []string{"", "/", "https://host/orders", "https://host", "http://host/abc/orders", "http://host/12345678901/orders", "http://host/123456789012"} {
		_, err := queueOf(testCall(api.HTTP{}), api.Some(url))
		wantError(t, url, err, "InvalidAddress", "The address "+url+" is not valid for this endpoint.")
	}
	for _, url := range []string{"https:", "or ders", "http://host/000000000000/or%20ders", "http://host/000000000000/q?x=1", "http://host/000000000000/" + strings.Repeat("q", 81)} {
		_, err := queueOf(testCall(api.HTTP{}), api.Some(url))
		wantError(t, url, err, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
	}
}

func TestQueueOfPath(t *testing.T) {
	got, err := queueOf(testCall(api.HTTP{Path: "/000000000000/orders"}), api.Opt[string]{})
	if want := (queueKey{"000000000000", testRegion, "orders"}); err != nil || got != want {
		t.Errorf("queueOf = %+v, %v", got, err)
	}
	for _, path := range []string{"", "/"} {
		_, err := queueOf(testCall(api.HTTP{Path: path}), api.Opt[string]{})
		wantError(t, path, err, "MissingParameter", "The request must contain the parameter QueueUrl.")
	}
}

// TestMint says that what is minted comes back.
func TestMint(t *testing.T) {
	for _, c := range []struct {
		http api.HTTP
		want string
	}{
		{api.HTTP{Host: "localhost:9324"}, "http://localhost:9324/123456789012/orders"},
		{api.HTTP{Host: "queues.example.com", TLS: true}, "https://queues.example.com/123456789012/orders"},
		{api.HTTP{}, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"},
	} {
		call := testCall(c.http)
		url := queueURL(call, standardKey)
		if url != c.want {
			t.Errorf("mint = %q, want %q", url, c.want)
		}
		key, err := queueOf(call, api.Some(url))
		if want := (queueKey{testAccount, testRegion, "orders"}); err != nil || key != want {
			t.Errorf("%q comes back as %+v, %v", url, key, err)
		}
	}
	if got := mint("https://example.com/sqs/", testAccount, "q"); got != "https://example.com/sqs/123456789012/q" {
		t.Errorf("mint = %q", got)
	}
}

func TestParseQueueARN(t *testing.T) {
	key := queueKey{testAccount, testRegion, "orders.fifo"}
	if got, ok := parseQueueARN(key.arn()); !ok || got != key {
		t.Errorf("parseQueueARN(%q) = %+v, %v", key.arn(), got, ok)
	}
	for _, s := range []string{
		"", "orders", "arn:aws:sns:eu-west-1:123456789012:orders", "arn:aws:sqs::123456789012:orders",
		"arn:aws:sqs:eu-west-1::orders", "arn:aws:sqs:eu-west-1:1234:orders", "arn:aws:sqs:eu-west-1:123456789012:a/b",
	} {
		if got, ok := parseQueueARN(s); ok {
			t.Errorf("parseQueueARN(%q) = %+v", s, got)
		}
	}
}
