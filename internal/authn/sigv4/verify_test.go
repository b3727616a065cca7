package sigv4

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
)

const exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

func at(stamp string) time.Time {
	t, ok := parseTime(stamp)
	if !ok {
		panic(stamp)
	}
	return t
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// The signatures are those of AWS's documentation and of its published test suite.
func TestDocumentedSignaturesVerify(t *testing.T) {
	const s3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	auth := func(scope, signed, sig string) string {
		return Algorithm + " Credential=AKIDEXAMPLE/20150830/us-east-1/" + scope + "/aws4_request, SignedHeaders=" + signed + ", Signature=" + sig
	}
	for name, c := range map[string]struct {
		r      Request
		secret string
		now    string
	}{
		"ListUsers": {Request{Method: "GET", Path: "/", Query: "Action=ListUsers&Version=2010-05-08", Host: "iam.amazonaws.com", Header: header(
			"Content-Type", "application/x-www-form-urlencoded; charset=utf-8", "X-Amz-Date", "20150830T123600Z",
			"Authorization", auth("iam", "content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"))},
			exampleSecret, "20150830T123600Z"},
		"get-vanilla": {Request{Method: "GET", Path: "/", Host: "example.amazonaws.com", Header: header(
			"X-Amz-Date", "20150830T123600Z",
			"Authorization", auth("service", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"))},
			exampleSecret, "20150830T123900Z"},
		"presigned S3": {Request{Method: "GET", Path: "/test.txt", Host: "examplebucket.s3.amazonaws.com", Header: http.Header{},
			Query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"},
			s3Secret, "20130524T235959Z"},
	} {
		var v Verifier
		for range 2 { // derived, then cached
			var s Signature
			if err := Parse(&c.r, &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := v.Verify(&c.r, &s, c.secret, EmptyHash, at(c.now)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := v.Verify(&c.r, &s, c.secret+"x", EmptyHash, at(c.now)); err == nil {
				t.Errorf("%s: verified with another secret", name)
			}
		}
	}
}

// The example is the one of AWS's documentation of chunked uploads.
func TestDocumentedChunksVerify(t *testing.T) {
	r := Request{Method: "PUT", Path: "/examplebucket/chunkObject.txt", Host: "s3.amazonaws.com", ContentLength: 66824, Header: header(
		"X-Amz-Date", "20130524T000000Z", "X-Amz-Storage-Class", "REDUCED_REDUNDANCY", "Content-Encoding", "aws-chunked",
		"X-Amz-Decoded-Content-Length", "66560", "X-Amz-Content-Sha256", StreamingPayload,
		"Authorization", Algorithm+" Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")}
	var v Verifier
	var s Signature
	if err := Parse(&r, &s); err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(&r, &s, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", at("20130524T000000Z")); err != nil {
		t.Fatal(err)
	}
	c := s.Chunks()
	data := []byte(strings.Repeat("a", 65536))
	if err := c.Chunk(data[1:], "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"); err == nil {
		t.Error("a chunk with another content verified")
	}
	for i, step := range []struct {
		data []byte
		sig  string
	}{
		{data, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
		{data[:1024], "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
		{nil, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
	} {
		if err := c.Chunk(step.data, step.sig); err != nil {
			t.Errorf("chunk %d: %v", i, err)
		}
	}
}

func signed(t *testing.T, body string, now time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", "http://127.0.0.1:4566/a%20b//c?x=1&a=%2B&a=", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecord")
	r.Header.Set("X-Custom", "  a   b  ")
	Sign(r, Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, HashBody([]byte(body)), Scope{Region: "us-east-1", Service: "kinesis"}, now)
	return r
}

func asRequest(r *http.Request) *Request {
	return &Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.URL.Host, Header: r.Header, ContentLength: r.ContentLength}
}

func TestWhatIsSignedCannotChange(t *testing.T) {
	now := at("20260102T030405Z")
	for name, change := range map[string]func(*Request, *string){
		"nothing":       func(*Request, *string) {},
		"method":        func(r *Request, _ *string) { r.Method = "GET" },
		"path":          func(r *Request, _ *string) { r.Path = "/other" },
		"query":         func(r *Request, _ *string) { r.Query += "&y=1" },
		"host":          func(r *Request, _ *string) { r.Host = "127.0.0.1" },
		"target":        func(r *Request, _ *string) { r.Header.Set("X-Amz-Target", "Kinesis_20131202.DeleteStream") },
		"second value":  func(r *Request, _ *string) { r.Header.Add("X-Custom", "c") },
		"removed":       func(r *Request, _ *string) { r.Header.Del("X-Custom") },
		"added x-amz-":  func(r *Request, _ *string) { r.Header.Set("X-Amz-Meta-More", "1") },
		"body":          func(_ *Request, b *string) { *b += " " },
		"late":          func(r *Request, _ *string) { r.Header.Set("X-Amz-Date", "20260102T030406Z") },
		"added token":   func(r *Request, _ *string) { r.Header.Set("X-Amz-Security-Token", "t") },
		"wrong hash":    func(r *Request, _ *string) { r.Header.Set("X-Amz-Content-Sha256", EmptyHash) },
		"unsigned body": func(r *Request, _ *string) { r.Header.Set("X-Amz-Content-Sha256", UnsignedPayload) },
	} {
		body := "{}"
		r := asRequest(signed(t, body, now))
		change(r, &body)
		var v Verifier
		var s Signature
		if err := Parse(r, &s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err := v.Verify(r, &s, "secret", HashBody([]byte(body)), now)
		if (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !errors.Is(err, &api.Error{Shape: api.ErrInvalidSignature}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTimeIsBounded(t *testing.T) {
	base := at("20260102T030405Z")
	r := asRequest(signed(t, "", base))
	for _, c := range []struct {
		ahead time.Duration
		want  string
	}{
		{Skew, ""},
		{-Skew, ""},
		{Skew + time.Second, "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)"},
		{-Skew - time.Second, "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)"},
	} {
		var v Verifier
		var s Signature
		if err := Parse(r, &s); err != nil {
			t.Fatal(err)
		}
		err := v.Verify(r, &s, "secret", EmptyHash, base.Add(c.ahead))
		var got string
		if e, ok := errors.AsType[*api.Error](err); ok {
			got = e.Message
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.ahead, got, c.want)
		}
	}
}

func TestCacheHoldsNoUnprovenKeyAndIsBounded(t *testing.T) {
	var v Verifier
	now := at("20260102T030405Z")
	r := asRequest(signed(t, "", now))
	var s Signature
	if err := Parse(r, &s); err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(r, &s, "other", EmptyHash, now); err == nil || len(v.keys.keys) != 0 {
		t.Fatalf("%v, %d keys", err, len(v.keys.keys))
	}
	for i := range 3 * maxKeys {
		v.keys.put("secret", Scope{Region: string(rune('a' + i))}, [32]byte{})
	}
	if n := len(v.keys.keys); n > maxKeys {
		t.Errorf("%d keys", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20260102/r/s/aws4_request, SignedHeaders=host, Signature=ff", "X-Amz-Date=1&X-Amz-Algorithm=", "/a/../b")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260102%2Fr%2Fs%2Faws4_request&X-Amz-Expires=1&X-Amz-Date=20260102T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "//")
	f.Fuzz(func(t *testing.T, auth, query, path string) {
		r := &Request{Method: "POST", Path: path, Query: query, Host: "h", Header: http.Header{"Authorization": {auth}, "X-Amz-Date": {"20260102T000000Z"}}}
		var s Signature
		if Parse(r, &s) != nil {
			return
		}
		var v Verifier
		if err := v.Verify(r, &s, "secret", EmptyHash, s.Time); err == nil {
			t.Error("a guessed signature verified")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	now := at("20260102T030405Z")
	hr, _ := http.NewRequest("POST", "http://127.0.0.1:4566/", nil)
	for k, v := range map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.PutRecord",
		"Amz-Sdk-Invocation-Id": "2c1d9d0f-8b1b-4c53-9a3c-5a0a5a1d2f11", "Amz-Sdk-Request": "attempt=1; max=3"} {
		hr.Header.Set(k, v)
	}
	Sign(hr, Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, EmptyHash, Scope{Region: "us-east-1", Service: "kinesis"}, now)
	hr.Header.Set("User-Agent", "aws-sdk-go-v2/1.47.7")
	r := asRequest(hr)
	var v Verifier
	b.ReportAllocs()
	for b.Loop() {
		var s Signature
		if err := Parse(r, &s); err != nil {
			b.Fatal(err)
		}
		if err := v.Verify(r, &s, "secret", EmptyHash, now); err != nil {
			b.Fatal(err)
		}
	}
}

// As client-kinesis 3.1142 of the JavaScript SDK sent it over HTTP/2: it signs
// :authority where others sign host.
func TestAuthorityStandsForHost(t *testing.T) {
	const body = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // of {}
	r := Request{Method: "POST", Path: "/", Host: "127.0.0.1:24599", ContentLength: 2, Header: header(
		"Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "Kinesis_20131202.ListStreams", "Content-Length", "2",
		"X-Amz-User-Agent", "aws-sdk-js/3.1142.0", "Amz-Sdk-Invocation-Id", "e983c7be-547c-447a-8bad-bf9de39cb10b",
		"Amz-Sdk-Request", "attempt=1; max=1", "X-Amz-Date", "20261124T095354Z", "X-Amz-Content-Sha256", body,
		"Authorization", Algorithm+" Credential=test/20261124/us-east-1/kinesis/aws4_request, SignedHeaders=:authority;amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent, Signature=9ef7b0e79773b94958c49bb5f840b8592c0141ad47dbd19838826bd47d780da9")}
	var s Signature
	if err := Parse(&r, &s); err != nil {
		t.Fatal(err)
	}
	var v Verifier
	if err := v.Verify(&r, &s, "testtest", body, at("20261124T095354Z")); err != nil {
		t.Error(err)
	}
	r.Host = "elsewhere"
	if err := v.Verify(&r, &s, "testtest", body, at("20261124T095354Z")); err == nil {
		t.Error("another authority passes")
	}
}
