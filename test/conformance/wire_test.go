package conformance

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

// send posts a signed body as clients without an SDK would, and returns the answer.
func (s *server) send(contentType, operation string, body []byte) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, sigv4.HashBody(body), sigv4.Scope{Region: region, Service: "kinesis"}, time.Now())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, answer
}

const (
	amzJSON = "application/x-amz-json-1.1"
	amzCBOR = "application/x-amz-cbor-1.1"
)

// What clients read beside the message (reference kinesis-streams §1, §2).
func TestAnswersOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t)
	newStream(t, s.client(), "s", 1)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for name, c := range map[string]struct {
		contentType, operation, body string
		status                       int
		want                         string // of the answer's body, a regular expression
	}{
		"an operation without output": {amzJSON, "AddTagsToStream", `{"StreamName":"s","Tags":{"a":"b"}}`, 200, `^$`},
		// Fluent Bit looks for these bytes.
		"compact JSON":                 {amzJSON, "PutRecords", `{"StreamName":"s","Records":[{"Data":"eA==","PartitionKey":"a"}]}`, 200, `"FailedRecordCount":0[,}]`},
		"seconds with milliseconds":    {amzJSON, "DescribeStreamSummary", `{"StreamName":"s"}`, 200, `"StreamCreationTimestamp":\d{10}(\.\d{1,3})?[,}]`},
		"a stream id is ignored":       {amzJSON, "DescribeStreamSummary", `{"StreamName":"s","StreamId":"abcdefghij0123456789-abc"}`, 200, `"StreamName":"s"`},
		"an error":                     {amzJSON, "DescribeStream", `{"StreamName":"nowhere"}`, 400, `^\{"__type":"ResourceNotFoundException","message":"Stream nowhere under account 000000000000 not found\."\}$`},
		"a type error":                 {amzJSON, "DescribeStream", `{"StreamName":7}`, 400, `^\{"__type":"SerializationException","Message":"class com\.amazon\.coral\.value\.json\.numbers\.TruncatingBigNumber can not be converted to an String"\}$`},
		"a body that does not parse":   {amzJSON, "DescribeStream", `{"StreamName":`, 400, `"__type":"SerializationException"`},
		"a constraint":                 {amzJSON, "DescribeStream", `{"StreamName":"","Limit":0}`, 400, `"__type":"ValidationException","message":"3 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: \[a-zA-Z0-9_\.-\]\+; Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '0' at 'limit'`},
		"an operation that is not one": {amzJSON, "Frobnicate", `{}`, 400, `"__type":"UnknownOperationException"`},
		"one that is yet to come":      {amzJSON, "CreateChannel", `{}`, 400, `"__type":"UnknownOperationException"`},
		"an error in CBOR":             {amzCBOR, "DescribeStreamSummary", "\xa1\x6aStreamName\x67nowhere", 400, `^[\xa2\xbf]\x66__type\x78\x19ResourceNotFoundException\x67message`},
	} {
		resp, body := s.send(c.contentType, c.operation, []byte(c.body))
		shown := string(body)
		if c.contentType == amzCBOR {
			shown = latin1(body)
		}
		if resp.StatusCode != c.status || !regexp.MustCompile(c.want).MatchString(shown) {
			t.Errorf("%s: status %d, %q (%s)", name, resp.StatusCode, body, hex.EncodeToString(body[:min(len(body), 16)]))
		}
		h := resp.Header
		if h.Get("Content-Type") != c.contentType || !uuid.MatchString(h.Get("X-Amzn-Requestid")) || h.Get("X-Amz-Id-2") == "" || h.Get("Date") == "" || resp.ContentLength < 0 {
			t.Errorf("%s: headers %v", name, h)
		}
	}
	// No StreamId in any answer that could have one.
	if _, body := s.send(amzJSON, "DescribeStreamSummary", []byte(`{"StreamName":"s"}`)); strings.Contains(string(body), "StreamId") {
		t.Errorf("a summary names a stream id: %s", body)
	}
	// A timestamp in CBOR is tag 1 and milliseconds (reference §2.5).
	_, body := s.send(amzCBOR, "DescribeStreamSummary", []byte("\xa1\x6aStreamName\x61s"))
	i := bytes.Index(body, []byte("\x77StreamCreationTimestamp\xc1\x1b"))
	if i < 0 {
		t.Fatalf("no timestamp in %x", body)
	}
	ms := int64(0)
	for _, b := range body[i+26 : i+34] {
		ms = ms<<8 | int64(b)
	}
	if age := time.Since(time.UnixMilli(ms)); age < 0 || age > time.Minute {
		t.Errorf("the stream was made %v ago", age)
	}
}

// latin1 makes a character of each byte, for regular expressions.
func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
