package edge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// denied refuses everything, so that a test sees what is asked before.
type denied struct{}

func (denied) Authorize(context.Context, *api.Call, api.Struct) error {
	return api.ErrAccessDenied.New("no")
}

// Each request violates one check and all the later ones (reference
// kinesis-streams §2.3).
func TestChecksRunInAWSOrder(t *testing.T) {
	s, seen := newServer(t, &streams{put: func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error {
		t.Error("the service was reached")
		return nil
	}}, func(o *Options) { o.Authorizer = denied{}; o.MaxBody = 1 << 20 })
	url := start(t, s)
	const (
		badSyntax = `{"StreamName":`
		badType   = `{"StreamName":1,"PartitionKey":""}`
		badValue  = `{"StreamName":"s","PartitionKey":"","Data":"aGVsbG8="}`
	)
	unsign := func(r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Authorization")[:len(r.Header.Get("Authorization"))-1]+"x")
	}
	for _, c := range []struct {
		name, operation, contentType, body string
		change                             func(*http.Request)
		status                             int
		code, text                         string
	}{
		{"size", "Nothing", "x", strings.Repeat("{", 1<<20+1), nil, 413, "RequestEntityTooLargeException", ""},
		{"target, type", "PutRecord", "text/plain", badSyntax, unsign, 404, "UnknownOperationException", "<UnknownOperationException/>"},
		{"target, plain JSON", "PutRecord", "application/json", "{}", unsign, 404, "UnknownOperationException", `"__type":"com.amazon.coral.service#UnknownOperationException"`},
		{"target, bad plain JSON", "PutRecord", "application/json", badSyntax, unsign, 400, "SerializationException", `{"__type":"SerializationException"}`},
		{"target, operation", "Nothing", jsonType, badSyntax, unsign, 400, "UnknownOperationException", `{"__type":"UnknownOperationException"}`},
		{"syntax", "PutRecord", jsonType, badSyntax, unsign, 400, "SerializationException", `{"__type":"SerializationException"}`},
		{"syntax, empty", "PutRecord", jsonType, "", unsign, 400, "SerializationException", `{"__type":"SerializationException"}`},
		{"signature", "PutRecord", jsonType, badType, unsign, 400, "InvalidSignatureException", "The request signature we calculated does not match"},
		{"no signature", "PutRecord", jsonType, badType, func(r *http.Request) { r.Header.Del("Authorization") }, 400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"two signatures", "PutRecord", jsonType, badType, func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=x" }, 400, "InvalidSignatureException", "Found both"},
		{"unknown key", "PutRecord", jsonType, badType, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "AKID", "OTHER", 1))
		}, 400, "UnrecognizedClientException", "The security token included in the request is invalid."},
		{"streamed body", "PutRecord", jsonType, badType, func(r *http.Request) {
			r.Header.Set("X-Amz-Content-Sha256", sigv4.StreamingUnsignedTrailer)
			sign(r, "")
		}, 400, "InvalidSignatureException", "x-amz-content-sha256 must be"},
		{"not built", "ListStreams", jsonType, badType, nil, 400, "UnknownOperationException", `{"__type":"UnknownOperationException"}`},
		{"types", "PutRecord", jsonType, badType, nil, 400, "SerializationException", `"Message":"class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"`},
		{"constraints", "PutRecord", jsonType, badValue, nil, 400, "ValidationException", `1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1`},
		{"authorisation", "PutRecord", jsonType, putBody, nil, 400, "AccessDeniedException", `"message":"no"`},
	} {
		r := post(t, url, c.operation, c.contentType, c.body)
		if c.change != nil {
			c.change(r)
		}
		a := do(t, http.DefaultClient, r)
		e := seen.next(t)
		if a.status != c.status || !strings.Contains(a.body, c.text) || e.Code != c.code || e.Status != c.status {
			t.Errorf("%s: %d %s, observed %s\nwant %d %s %s", c.name, a.status, a.body, e.Code, c.status, c.code, c.text)
		}
		if a.header.Get("X-Amzn-Requestid") != e.RequestID {
			t.Errorf("%s: request id %q, observed %q", c.name, a.header.Get("X-Amzn-Requestid"), e.RequestID)
		}
	}
}

func TestOtherMethodsAndUnknownForms(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	for _, c := range []struct{ method, path, contentType string }{
		{"GET", "/", ""}, {"PUT", "/x", jsonType}, {"POST", "/", "text/plain"}, {"DELETE", "/", ""},
	} {
		r, _ := http.NewRequest(c.method, url+c.path, nil)
		r.Header.Set("Content-Type", c.contentType)
		a := do(t, http.DefaultClient, r)
		if a.status != 403 || !strings.Contains(a.body, "Unable to determine service/operation name to be authorized") || a.header.Get("Content-Type") != "application/xml" {
			t.Errorf("%s %s: %+v", c.method, c.path, a)
		}
	}
}

// A stranger's body of more than 64 KiB is not parsed: its bad syntax goes
// unnoticed, and its lack of a signature is what the answer says.
func TestLongUnsignedBodyIsNotParsed(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	for size, want := range map[int]string{unsignedLimit: "SerializationException", unsignedLimit + 1: "InvalidSignatureException"} {
		r := post(t, url, "PutRecord", jsonType, strings.Repeat("[", size))
		auth := r.Header.Get("Authorization")
		r.Header.Set("Authorization", auth[:len(auth)-1]+"x")
		if a := do(t, http.DefaultClient, r); !strings.Contains(a.body, want) {
			t.Errorf("bad signature, %d bytes: %+v", size, a)
		}
	}
	r := post(t, url, "PutRecord", jsonType, strings.Repeat("[", unsignedLimit+1))
	r.Header.Del("Authorization")
	if a := do(t, http.DefaultClient, r); !strings.Contains(a.body, "MissingAuthenticationTokenException") {
		t.Errorf("no signature: %+v", a)
	}
}

func TestFaultsAreHiddenAndPanicsAnswered(t *testing.T) {
	for name, put := range map[string]func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error{
		"error": func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error {
			return errors.New("the secret place /var/x")
		},
		"panic": func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error { panic("secret") },
	} {
		s, seen := newServer(t, &streams{put: put}, nil)
		url := start(t, s)
		a := do(t, http.DefaultClient, post(t, url, "PutRecord", jsonType, putBody))
		if e := seen.next(t); a.status != 500 || !strings.Contains(a.body, `"__type":"InternalFailure`) || strings.Contains(a.body, "secret") || e.Status != 500 {
			t.Errorf("%s: %+v, observed %+v", name, a, e)
		}
	}
}

func TestBadBodiesInEveryProtocol(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	for name, c := range map[string]struct{ contentType, body string }{
		"truncated JSON": {jsonType, putBody[:20]},
		"nested JSON":    {jsonType, `{"x":` + strings.Repeat("[", 60_000)},
		"non-UTF-8 JSON": {jsonType, "{\"StreamName\":\"\xff\xfe\",\"PartitionKey\":\"p\",\"Data\":\"\"}"},
		"a list":         {jsonType, `[]`},
		"truncated CBOR": {cborType, "\xbf\x6aStreamNa"},
		"nested CBOR":    {cborType, "\xbf\x61x" + strings.Repeat("\x81", 60_000)},
		"non-UTF-8 CBOR": {cborType, "\xa1\x6aStreamName\x62\xff\xfe"},
		"number in CBOR": {cborType, "\x01"},
	} {
		a := do(t, http.DefaultClient, post(t, url, "PutRecord", c.contentType, c.body))
		if a.status != 400 || !strings.Contains(a.body, "SerializationException") || a.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %d %q %s", name, a.status, a.body, a.header.Get("Content-Type"))
		}
	}
}
