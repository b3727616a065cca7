package bench

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

func TestJSONBodies(t *testing.T) {
	b := &bodies{protocol: JSON, stream: `s"x`, size: 30, random: newRandom(1)}
	var many struct {
		StreamName string
		Records    []struct {
			Data         []byte
			PartitionKey string
		}
	}
	if err := json.Unmarshal(b.putRecords(3), &many); err != nil {
		t.Fatal(err)
	}
	if many.StreamName != `s"x` || len(many.Records) != 3 || many.Records[0].PartitionKey == many.Records[1].PartitionKey ||
		len(many.Records[2].Data) != 30 || bytes.Equal(many.Records[0].Data, many.Records[2].Data) {
		t.Errorf("%+v", many)
	}
	var one struct {
		StreamName, PartitionKey string
		Data                     []byte
	}
	if err := json.Unmarshal(b.numbered(1<<40+7), &one); err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(one.Data)
	if n, ok := numberOf([]byte(text[:numberLen])); !ok || n != 1<<40+7 || len(one.Data) != 30 || one.PartitionKey == "" {
		t.Errorf("number %d %v of %+v", n, ok, one)
	}
}

func TestAllStored(t *testing.T) {
	for _, c := range []struct {
		p      Protocol
		answer string
		want   bool
	}{
		{JSON, `{"FailedRecordCount":0,"Records":[]}`, true},
		{JSON, `{"Records":[],"FailedRecordCount":0}`, true},
		{JSON, `{"FailedRecordCount":3}`, false},
		{JSON, `{}`, false},
		{CBOR, "\xbf\x71FailedRecordCount\x00\xff", true},
		{CBOR, "\xbf\x71FailedRecordCount\x01\xff", false},
		{CBOR, "\xbf\x71FailedRecordCount", false},
	} {
		if got := allStored(c.p, []byte(c.answer)); got != c.want {
			t.Errorf("%s %q: %v", c.p, c.answer, got)
		}
	}
}

func TestRequestsAreSignedAnewWhenOld(t *testing.T) {
	target, err := ParseTarget("http://localhost", "eu-west-1", sigv4.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"})
	if err != nil {
		t.Fatal(err)
	}
	r := newRequest("PutRecord", CBOR, []byte("body"))
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text := func(at time.Time) string {
		var b strings.Builder
		parts := r.parts(&target, at)
		_, _ = parts.WriteTo(&b)
		return b.String()
	}
	first := text(now)
	if text(now.Add(maxAge)) != first {
		t.Error("a young request was signed anew")
	}
	if text(now.Add(maxAge+time.Second)) == first {
		t.Error("an old request was not signed anew")
	}
	head, body, _ := strings.Cut(first, "\r\n\r\n")
	for _, line := range []string{
		"POST / HTTP/1.1", "Host: localhost:80", "Content-Length: 4", "X-Amz-Target: Kinesis_20131202.PutRecord",
		"Content-Type: application/x-amz-cbor-1.1", "X-Amz-Date: 20260102T030405Z",
	} {
		if !strings.Contains(head+"\r\n", line+"\r\n") {
			t.Errorf("no line %q in %q", line, head)
		}
	}
	if !strings.Contains(head, "Credential=AK/20260102/eu-west-1/kinesis/aws4_request") || body != "body" {
		t.Errorf("%q %q", head, body)
	}
}

func TestEndpoints(t *testing.T) {
	for _, bad := range []string{"", "localhost:4566", "https://localhost", "http://", "http://h/path", "http://h:x y"} {
		if _, err := ParseTarget(bad, "r", sigv4.Credentials{}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPagesAreCountedAcrossSeams(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"Records":[`)
	for range 50 {
		b.WriteString(`{"Data":"` + strings.Repeat("A", 1000) + `","SequenceNumber":"1"},`)
	}
	b.WriteString(`],"NextShardIterator":"it==","MillisBehindLatest":7}`)
	text := []byte(b.String())
	for _, n := range []int{1, 3, 13, 14, 15, 999, 4096, 10000, len(text)} {
		var p page
		for rest := text; len(rest) > 0; {
			k := min(n, len(rest))
			p.add(rest[:k])
			rest = rest[k:]
		}
		if p.records != 50 || nextIterator(JSON, p.edge) != "it==" || len(p.edge) > 2*edgeBytes {
			t.Errorf("pieces of %d: %d records, next %q, %d bytes kept", n, p.records, nextIterator(JSON, p.edge), len(p.edge))
		}
	}
}

func TestNextIterators(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		p            Protocol
		answer, want string
	}{
		{JSON, `{"NextShardIterator":"a"}`, "a"}, {JSON, `{"NextShardIterator":null}`, ""}, {JSON, `{}`, ""}, {JSON, `{"NextShardIterator":"a`, ""},
		{CBOR, "\x71NextShardIterator\x63abc\xff", "abc"}, {CBOR, "\x71NextShardIterator\x78\x1aabcdefghijklmnopqrstuvwxyz\xff", "abcdefghijklmnopqrstuvwxyz"},
		{CBOR, "\x71NextShardIterator\x79\x01\x2c" + long + "\xff", long}, {CBOR, "\x71NextShardIterator\x79\x01\x2cshort", ""}, {CBOR, "\x71NextShardIterator\xf6\xff\xff", ""},
	} {
		if got := nextIterator(c.p, []byte(c.answer)); got != c.want {
			t.Errorf("%s %.40q: %q", c.p, c.answer, got)
		}
	}
}

func TestBareTakesTheDataOut(t *testing.T) {
	rest := []byte(`{"Records":[{"Data":"QQ==","PartitionKey":"k"},{"PartitionKey":"Data","Data":""},{"Data":"Qg`)
	var all []string
	for {
		var text []byte
		if text, rest = nextText(rest, dataMark); text == nil {
			break
		}
		all = append(all, string(text))
	}
	if len(all) != 2 || all[0] != "QQ==" || all[1] != "" {
		t.Errorf("%q", all)
	}
}

func BenchmarkParts(b *testing.B) {
	t, _ := ParseTarget("http://localhost:1", "r", sigv4.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"})
	r := newRequest("PutRecord", JSON, make([]byte, 1500))
	now := time.Now()
	for b.Loop() {
		parts := r.parts(&t, now)
		_, _ = parts.WriteTo(io.Discard)
	}
}
