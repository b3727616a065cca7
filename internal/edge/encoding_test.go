package edge

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/base/clock"
)

// object is the input of the store's operations: bytes, in the body of a PUT or
// as a member.
type object struct {
	bucket, key api.Opt[string]
	data        []byte
}

func objectSchema(data api.Location) *api.Schema {
	text := &api.Schema{Kind: api.KindString}
	return &api.Schema{Name: "Object", Kind: api.KindStruct, Members: []api.Member{
		{Name: "Bucket", Wire: "Bucket", Schema: text, Location: api.InURI}, {Name: "Key", Wire: "Key", Schema: text, Location: api.InURI},
		{Name: "Data", Wire: "Data", Schema: &api.Schema{Kind: api.KindBlob}, Location: data},
	}}
}

var payloadSchema = objectSchema(api.InPayload)

func (o *object) Schema() *api.Schema { return payloadSchema }

func (o *object) Member(i int) any { return []any{&o.bucket, &o.key, &o.data}[i] }

func (o *object) Nested(int, bool) api.Struct { return nil }

// member is an object whose data is a member of a document.
type member struct{ object }

var memberSchema = objectSchema(api.InBody)

func (m *member) Schema() *api.Schema { return memberSchema }

// newStore returns a server of two services that keep what they are sent: one as
// S3 is, one as CloudWatch is. They are called with the keys of S3's examples.
func newStore(t *testing.T, now time.Time, change func(*Options)) (s *Server, got *[]byte) {
	t.Helper()
	got = new([]byte)
	put := &api.Operation{Name: "PutObject", Action: "s3:PutObject", Method: http.MethodPut, URI: "/{Bucket}/{Key+}", Status: 200, Chunked: true,
		Input: payloadSchema, NewInput: func() api.Struct { return new(object) }}
	send := &api.Operation{Name: "Send", Action: "t:Send", Method: http.MethodPost, URI: "/", Status: 200, Gzip: true,
		Input: memberSchema, NewInput: func() api.Struct { return new(member) }}
	plain := *send
	plain.Name, plain.Gzip = "SendPlain", false
	s3 := api.NewService(api.Service{ID: "s3", SigningName: "s3", Endpoint: "s3", Protocols: []api.Protocol{api.RESTXML}}, put)
	metrics := api.NewService(api.Service{ID: "m", SigningName: "m", Endpoint: "m", TargetPrefix: "M", APIVersion: "1", Protocols: []api.Protocol{api.JSON10, api.Query}}, send, &plain)
	auth, err := authn.New(authn.Options{Clock: clock.NewFake(now), Accounts: []authn.Account{
		{ID: "000000000000", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}})
	if err != nil {
		t.Fatal(err)
	}
	s, _ = newServer(t, nil, func(o *Options) {
		o.Services, o.Auth = []*api.Service{s3, metrics}, auth
		o.Handlers = []api.Handler{
			{Operation: put, Call: func(_ context.Context, in, _ api.Struct) error { *got = bytes.Clone(in.(*object).data); return nil }},
			{Operation: send, Call: func(_ context.Context, in, _ api.Struct) error { *got = bytes.Clone(in.(*member).data); return nil }},
			{Operation: &plain, Call: func(_ context.Context, in, _ api.Struct) error { *got = bytes.Clone(in.(*member).data); return nil }},
		}
		if change != nil {
			change(o)
		}
	})
	return s, got
}

func serve(s *Server, r *http.Request) *capture {
	r.RequestURI = r.URL.RequestURI()
	w := &capture{sink: sink{h: http.Header{}}}
	s.ServeHTTP(w, r)
	return w
}

// Requests of the examples in Amazon S3's API reference, "Signature calculations
// for the authorization header: transferring payload in multiple chunks" and "...
// including trailing headers".
func example(trailer bool) *http.Request {
	object := strings.Repeat("a", 66560)
	body := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + object[:65536] +
		"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + object[65536:] +
		"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	kind, signedHeaders, signature := sigv4.StreamingPayload, "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
	if trailer {
		body = "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + object[:65536] +
			"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + object[65536:] +
			"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
			"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
		kind, signedHeaders, signature = sigv4.StreamingPayloadTrailer, "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	}
	r, _ := http.NewRequest(http.MethodPut, "https://s3.amazonaws.com/examplebucket/chunkObject.txt", strings.NewReader(body))
	for name, value := range map[string]string{
		"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "Content-Encoding": "aws-chunked",
		"X-Amz-Decoded-Content-Length": "66560", "X-Amz-Content-Sha256": kind,
		"Authorization": sigv4.Algorithm + " Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + signedHeaders + ",Signature=" + signature,
	} {
		r.Header.Set(name, value)
	}
	if trailer {
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	}
	return r
}

func TestDocumentedChunkedBodies(t *testing.T) {
	for _, trailer := range []bool{false, true} {
		s, got := newStore(t, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC), nil)
		if w := serve(s, example(trailer)); w.status != 200 || string(*got) != strings.Repeat("a", 66560) {
			t.Errorf("trailer %v: %d %s, the service got %d bytes", trailer, w.status, w.body, len(*got))
		}
		for name, change := range map[string]func(body string) (string, int, string){
			"data": func(b string) (string, int, string) {
				return strings.Replace(b, "\r\na", "\r\nb", 1), 403, "SignatureDoesNotMatch"
			},
			"signature": func(b string) (string, int, string) {
				return strings.Replace(b, ";chunk-signature=", ";chunk-signature=0", 1), 403, "SignatureDoesNotMatch"
			},
			"cut off": func(b string) (string, int, string) { return b[:70], 400, "IncompleteBody" },
		} {
			*got = nil
			r := example(trailer)
			body, _ := io.ReadAll(r.Body)
			sent, status, code := change(string(body))
			r.Body = io.NopCloser(strings.NewReader(sent))
			if trailer {
				r.ContentLength = int64(len(sent)) // it is not signed there
			} else if len(sent) != len(body) {
				continue
			}
			if w := serve(s, r); w.status != status || !strings.Contains(string(w.body), code) || *got != nil {
				t.Errorf("trailer %v, changed %s: %d %s, the service got %d bytes", trailer, name, w.status, w.body, len(*got))
			}
		}
	}
}

// upload is a request as today's SDKs make it over TLS: chunks that are not signed
// and a checksum in the trailer.
func upload(data []byte, change func(h http.Header, trailer *string)) *http.Request {
	return uploadIn(64<<10, data, change)
}

// uploadIn is upload in chunks of a size.
func uploadIn(size int, data []byte, change func(h http.Header, trailer *string)) *http.Request {
	var body bytes.Buffer
	for rest := data; len(rest) > 0; {
		n := min(len(rest), size)
		fmt.Fprintf(&body, "%x\r\n%s\r\n", n, rest[:n])
		rest = rest[n:]
	}
	trailer := "x-amz-checksum-crc32:" + base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
	r, _ := http.NewRequest(http.MethodPut, "https://localhost:4566/bucket/a/key", nil)
	for name, value := range map[string]string{
		"Content-Encoding": "aws-chunked", "X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Content-Sha256": sigv4.StreamingUnsignedTrailer,
		"X-Amz-Decoded-Content-Length": fmt.Sprint(len(data)), "X-Amz-Sdk-Checksum-Algorithm": "CRC32",
	} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r.Header, &trailer)
	}
	body.WriteString("0\r\n" + trailer + "\r\n\r\n")
	r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
	signAs(r, "s3", "")
	return r
}

func signAs(r *http.Request, service, body string) {
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		sigv4.HashBody([]byte(body)), sigv4.Scope{Region: "us-east-1", Service: service}, epoch)
}

func TestUnsignedChunks(t *testing.T) {
	const limit = 1 << 20
	s, got := newStore(t, epoch, func(o *Options) { o.MaxBody = limit })
	for _, size := range []int{0, 1, 8191, 70_000, limit} {
		data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		r := upload(data, nil)
		if size == 70_000 {
			r.ContentLength = -1
		}
		if w := serve(s, r); w.status != 200 || !bytes.Equal(*got, data) {
			t.Errorf("%d bytes: %d %s, the service got %d", size, w.status, w.body, len(*got))
		}
	}
	// The frames are taken out where the body lies, past the reader's own buffer
	// and through it.
	data := make([]byte, 30_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	for _, size := range []int{1, 2, 17, 4000, 4095, 4096, 4097, 5000, 29_999} {
		if w := serve(s, uploadIn(size, data, nil)); w.status != 200 || !bytes.Equal(*got, data) {
			t.Errorf("chunks of %d: %d %s, the service got %d bytes", size, w.status, w.body, len(*got))
		}
	}
	for name, c := range map[string]struct {
		size   int
		change func(h http.Header, trailer *string)
		status int
		code   string
	}{
		"checksum": {10, func(_ http.Header, trailer *string) { *trailer = "x-amz-checksum-crc32:AAAAAA==" }, 400, "BadDigest"},
		"algorithm": {10, func(h http.Header, trailer *string) {
			h.Set("X-Amz-Trailer", "x-amz-checksum-new")
			*trailer = "x-amz-checksum-new:AAAA"
		}, 400, "InvalidRequest"},
		"not announced":  {10, func(h http.Header, _ *string) { h.Del("X-Amz-Trailer") }, 400, "IncompleteBody"},
		"no length":      {10, func(h http.Header, _ *string) { h.Del("X-Amz-Decoded-Content-Length") }, 411, "MissingContentLength"},
		"another length": {10, func(h http.Header, _ *string) { h.Set("X-Amz-Decoded-Content-Length", "11") }, 400, "IncompleteBody"},
		"too long":       {limit + 1, nil, 400, "EntityTooLarge"},
		"far too long":   {2 * limit, nil, 400, "EntityTooLarge"},
		"a long promise": {10, func(h http.Header, _ *string) { h.Set("X-Amz-Decoded-Content-Length", "99999999999") }, 400, "EntityTooLarge"},
	} {
		*got = nil
		if w := serve(s, upload(make([]byte, c.size), c.change)); w.status != c.status || !strings.Contains(string(w.body), "<Code>"+c.code+"<") || *got != nil {
			t.Errorf("%s: %d %s", name, w.status, w.body)
		}
	}
}

// An access key id alone, or a signature that is none, opens no body, whatever the
// chunks say of themselves.
func TestChunksNeedTheRequestsSignature(t *testing.T) {
	s, got := newStore(t, epoch, nil)
	for name, change := range map[string]func(*http.Request){
		"wrong": func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+"0") },
		"none":  func(r *http.Request) { r.Header.Del("Authorization") },
		"a query": func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
		},
	} {
		r := upload([]byte("data"), nil)
		change(r)
		if w := serve(s, r); w.status != 403 || *got != nil {
			t.Errorf("%s: %d %s", name, w.status, w.body)
		}
	}
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sendPacked(operation, contentType, encoding, body string) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, "https://localhost:4566/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Content-Encoding", encoding)
	if operation != "" {
		r.Header.Set("X-Amz-Target", "M."+operation)
	}
	signAs(r, "m", body)
	return r
}

func TestCompressedBodies(t *testing.T) {
	const jsonType, form = "application/x-amz-json-1.0", "application/x-www-form-urlencoded"
	s, got := newStore(t, epoch, func(o *Options) { o.MaxBody = 1 << 20 })
	data := strings.Repeat("sample", 1000)
	text := base64.StdEncoding.EncodeToString([]byte(data))
	object := `{"Data":"` + text + `"}`
	whole := packed(t, object)
	broken := whole[:len(whole)-3] + "xyz"
	for name, c := range map[string]struct {
		operation, contentType, encoding, body string
		status                                 int
		code                                   string
	}{
		"JSON":           {"Send", jsonType, "gzip", whole, 200, ""},
		"another before": {"Send", jsonType, "custom, GZIP", whole, 200, ""},
		"form":           {"", form, "gzip", packed(t, "Action=Send&Version=1&Data="+strings.ReplaceAll(text, "=", "%3D")), 200, ""},
		"not compressed": {"Send", jsonType, "gzip", object, 400, "SerializationException"},
		"damaged":        {"Send", jsonType, "gzip", broken, 400, "SerializationException"},
		"cut off":        {"Send", jsonType, "gzip", whole[:len(whole)/2], 400, "SerializationException"},
		"not taken":      {"SendPlain", jsonType, "gzip", whole, 400, "SerializationException"},
		"too long":       {"Send", jsonType, "gzip", packed(t, strings.Repeat(" ", 1<<20)+object), 413, "RequestEntityTooLargeException"},
		"a form of it":   {"", form, "gzip", packed(t, "Action=Send&Version=1&Data="+strings.Repeat("A", 2<<20)), 413, "RequestEntityTooLarge"},
	} {
		*got = nil
		w := serve(s, sendPacked(c.operation, c.contentType, c.encoding, c.body))
		if w.status != c.status || !strings.Contains(string(w.body), c.code) || (string(*got) == data) != (c.status == 200) {
			t.Errorf("%s: %d %.300s, the service got %d bytes", name, w.status, w.body, len(*got))
		}
	}
	r := sendPacked("Send", jsonType, "gzip", whole)
	r.Body = io.NopCloser(strings.NewReader(packed(t, `{"Data":"`+strings.Repeat("A", len(text))+`"}`)))
	r.ContentLength = -1
	if w := serve(s, r); w.status != 400 || !strings.Contains(string(w.body), "InvalidSignatureException") {
		t.Errorf("another body under the signature: %d %s", w.status, w.body)
	}
}

// What a small body inflates to is not made, beyond what any body may be.
func TestInflatingIsBounded(t *testing.T) {
	s, _ := newStore(t, epoch, func(o *Options) { o.MaxBody = 1 << 20 })
	bomb := packed(t, strings.Repeat("\x00", 32<<20))
	r := sendPacked("Send", "application/x-amz-json-1.0", "gzip", bomb)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := serve(s, r)
	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; w.status != 413 || made > 8<<20 {
		t.Errorf("%d %s, %d bytes were allocated", w.status, w.body, made)
	}
}
