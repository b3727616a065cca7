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

// refusal is a request as no SDK sends it, and AWS's answer.
type refusal struct {
	method, contentType, target, body string
	change                            func(*http.Request) // after it is signed
	unsigned                          bool

	status int
	answer string // a regular expression, of one character for each byte
}

const (
	prefix        = "Kinesis_20131202."
	halfSignature = "AWS4-HMAC-SHA256 Credential=" + accessKey + "/20261124/" + region + "/kinesis/aws4_request"
)

// What is refused before an operation is reached (the table of reference
// kinesis-streams §2.3).
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	signed := `{"__type":"InvalidSignatureException","message":"`
	for name, x := range map[string]refusal{
		"another method":                     {method: http.MethodGet, status: 403, answer: `<AccessDeniedException>\s*<Message>Unable to determine service/operation name to be authorized</Message>`},
		"no target and unknown type":         {contentType: "text/plain", body: "x", status: 403, answer: `<AccessDeniedException>`},
		"unknown type":                       {contentType: "text/plain", target: prefix + "ListStreams", body: "{}", status: 404, answer: `^<UnknownOperationException/>\s*$`},
		"an empty body":                      {contentType: amzJSON, target: prefix + "ListStreams", status: 400, answer: `"__type":"SerializationException"`},
		"an empty body in CBOR":              {contentType: amzCBOR, target: prefix + "ListStreams", status: 400, answer: `\x66__type\x76SerializationException`},
		"a list for a body":                  {contentType: amzJSON, target: prefix + "ListStreams", body: "[]", status: 400, answer: `"__type":"SerializationException"`},
		"half a body":                        {contentType: amzJSON, target: prefix + "ListStreams", body: `{"Limit":`, status: 400, answer: `"__type":"SerializationException"`},
		"half a body in CBOR":                {contentType: amzCBOR, target: prefix + "ListStreams", body: "\xa1\x65Limit", status: 400, answer: `\x66__type\x76SerializationException`},
		"bytes that are no UTF-8":            {contentType: amzJSON, target: prefix + "DescribeStream", body: "{\"StreamName\":\"\xff\"}", status: 400, answer: `"__type":"(SerializationException|ValidationException)"`},
		"plain JSON":                         {contentType: "application/json", target: prefix + "ListStreams", body: "{}", status: 404, answer: `^\{"Output":\{"__type":"com\.amazon\.coral\.service#UnknownOperationException"\},"Version":"1\.0"\}$`},
		"a type with parameters":             {contentType: amzJSON + "; charset=utf-8", target: prefix + "ListStreams", body: "{}", status: 200, answer: `"StreamNames":\[\]`},
		"another service":                    {contentType: amzJSON, target: "Kinesis_20991231.ListStreams", body: "{}", status: 400, answer: `"__type":"UnknownOperationException"`},
		"no signature":                       {contentType: amzJSON, target: prefix + "ListStreams", body: "{}", unsigned: true, status: 400, answer: `"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"`},
		"no signature in CBOR":               {contentType: amzCBOR, target: prefix + "ListStreams", body: "\xa0", unsigned: true, status: 400, answer: `\x66__type\x78\x23MissingAuthenticationTokenException`},
		"half a signature":                   {contentType: amzJSON, target: prefix + "ListStreams", body: "{}", change: func(r *http.Request) { r.Header.Set("Authorization", halfSignature) }, status: 400, answer: `"__type":"IncompleteSignatureException","message":"Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\. .*Authorization=` + halfSignature + `"`},
		"a signature in two places":          {contentType: amzJSON, target: prefix + "ListStreams", body: "{}", change: func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }, status: 400, answer: signed + `Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header\."`},
		"a signature of another body":        {contentType: amzJSON, target: prefix + "ListStreams", body: "{}", change: func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{ }")), 3 }, status: 400, answer: signed + `The request signature we calculated does not match`},
		"a signature of another operation":   {contentType: amzJSON, target: prefix + "ListStreams", body: "{}", change: func(r *http.Request) { r.Header.Set("X-Amz-Target", prefix+"DescribeLimits") }, status: 400, answer: signed + `The request signature we calculated does not match`},
		"text for a number":                  {contentType: amzJSON, target: prefix + "ListStreams", body: `{"Limit":"1"}`, status: 400, answer: `"__type":"SerializationException","Message":"class java\.lang\.String can not be converted to an Integer"`},
		"a truth for text":                   {contentType: amzJSON, target: prefix + "DescribeStream", body: `{"StreamName":true}`, status: 400, answer: `"Message":"class java\.lang\.Boolean can not be converted to an String"`},
		"a list for text":                    {contentType: amzJSON, target: prefix + "DescribeStream", body: `{"StreamName":[]}`, status: 400, answer: `"Message":"Start of list found where not expected"`},
		"a map for text":                     {contentType: amzJSON, target: prefix + "DescribeStream", body: `{"StreamName":{}}`, status: 400, answer: `"Message":"Start of structure or map found where not expected\."`},
		"text for a list":                    {contentType: amzJSON, target: prefix + "PutRecords", body: `{"StreamName":"s","Records":"x"}`, status: 400, answer: `"Message":"Expected list or null"`},
		"text for a map":                     {contentType: amzJSON, target: prefix + "AddTagsToStream", body: `{"StreamName":"s","Tags":"x"}`, status: 400, answer: `"Message":"Expected map or null"`},
		"data whose length is no base64":     {contentType: amzJSON, target: prefix + "PutRecord", body: `{"StreamName":"s","PartitionKey":"a","Data":"eHg"}`, status: 400, answer: `"Message":"'eHg' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 3"`},
		"data with a character of no base64": {contentType: amzJSON, target: prefix + "PutRecord", body: `{"StreamName":"s","PartitionKey":"a","Data":"=x=="}`, status: 400, answer: `"Message":"'=x==' can not be converted to a Blob: Invalid Base64 character: '='"`},
		"null for what is required":          {contentType: amzJSON, target: prefix + "PutRecords", body: `{"StreamName":"s","Records":null}`, status: 400, answer: `"__type":"ValidationException","message":"1 validation error detected: Value null at 'records' failed to satisfy constraint: Member must not be null"`},
		"too many entries":                   {contentType: amzJSON, target: prefix + "ListStreams", body: `{"Limit":10001}`, status: 400, answer: `1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000`},
		"a word that is none of the known":   {contentType: amzJSON, target: prefix + "GetShardIterator", body: `{"StreamName":"s","ShardId":"0","ShardIteratorType":"NEWEST"}`, status: 400, answer: `Value 'NEWEST' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: \[`},
		"a member of an entry":               {contentType: amzJSON, target: prefix + "PutRecords", body: `{"StreamName":"s","Records":[{"Data":"","PartitionKey":""}]}`, status: 400, answer: `Value '' at 'records\.1\.member\.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1`},
		"members that are not known":         {contentType: amzJSON, target: prefix + "ListStreams", body: `{"Nonsense":{"a":[1]},"Limit":null}`, status: 200, answer: `"HasMoreStreams":false`},
	} {
		resp, body := s.sendRaw(t, x)
		if resp.StatusCode != x.status || !regexp.MustCompile(x.answer).MatchString(latin1(body)) {
			t.Errorf("%s: status %d, %q (%s)", name, resp.StatusCode, body, hex.EncodeToString(body[:min(len(body), 16)]))
		}
		if resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: headers %v", name, resp.Header)
		}
	}
}

func (s *server) sendRaw(t *testing.T, x refusal) (*http.Response, []byte) {
	t.Helper()
	method := http.MethodPost
	if x.method != "" {
		method = x.method
	}
	r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method, s.url+"/", bytes.NewReader([]byte(x.body))))
	if x.contentType != "" {
		r.Header.Set("Content-Type", x.contentType)
	}
	if x.target != "" {
		r.Header.Set("X-Amz-Target", x.target)
	}
	if !x.unsigned {
		sigv4.Sign(r, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, sigv4.HashBody([]byte(x.body)), sigv4.Scope{Region: region, Service: "kinesis"}, time.Now())
	}
	if x.change != nil {
		x.change(r)
	}
	resp := must[*http.Response](t)(http.DefaultClient.Do(r))
	defer resp.Body.Close()
	return resp, must[[]byte](t)(io.ReadAll(resp.Body))
}

// The operations that are yet to come are unknown, in both encodings.
func TestOperationsToCome(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, operation := range []string{
		"CreateChannel", "DeleteChannel", "DescribeChannel", "ListChannels", "UpdateChannel",
	} {
		for contentType, body := range map[string]string{amzJSON: "{}", amzCBOR: "\xa0"} {
			resp, answer := s.send(contentType, operation, []byte(body))
			if resp.StatusCode != 400 || !bytes.Contains(answer, []byte("UnknownOperationException")) || resp.Header.Get("Content-Type") != contentType {
				t.Errorf("%s in %s: status %d, %q", operation, contentType, resp.StatusCode, answer)
			}
		}
	}
}
