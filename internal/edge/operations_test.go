package edge

import (
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/awsapi"
)

// attempt makes a request for an operation in one of its service's protocols,
// with an input that says nothing. nil: the protocol is not one of a request
// without bindings.
func attempt(op *api.Operation, p api.Protocol) (r *http.Request, body string) {
	method, path, header := http.MethodPost, "/", http.Header{}
	target := func(contentType string) {
		header.Set("Content-Type", contentType)
		header.Set("X-Amz-Target", op.Service.TargetPrefix+"."+op.Name)
	}
	switch p {
	case api.JSON10:
		target("application/x-amz-json-1.0")
		body = "{}"
	case api.JSON11:
		target("application/x-amz-json-1.1")
		body = "{}"
	case api.CBOR11:
		target("application/x-amz-cbor-1.1")
		body = "\xa0"
	case api.RPCCBOR:
		header.Set("Content-Type", "application/cbor")
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
		path = "/service/" + op.Service.TargetPrefix + "/operation/" + op.Name
		body = "\xa0"
	case api.Query:
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = "Action=" + op.Name + "&Version=" + op.Service.APIVersion
	default:
		method, path = op.Method, fillLabels(op.URI)
		for _, b := range op.Required {
			if b.Location == api.InHeader {
				header.Set(b.Name, "x")
				continue
			}
			mark := "&"
			if !strings.Contains(path, "?") {
				mark = "?"
			}
			path += mark + b.Name + "=1"
		}
	}
	r, err := http.NewRequest(method, "http://localhost:4566"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header = header
	return r, body
}

// fillLabels puts a text into each label of a path template.
func fillLabels(uri string) string {
	for {
		i := strings.IndexByte(uri, '{')
		if i < 0 {
			return uri
		}
		uri = uri[:i] + "label" + uri[i+strings.IndexByte(uri[i:], '}')+1:]
	}
}

// Every operation of every model is recognised in each of its protocols, wants a
// signature, and says in the protocol's form that it is not built.
func TestEveryOperationAnswersInItsProtocol(t *testing.T) {
	s, seen := newServer(t, &streams{}, func(o *Options) { o.Services, o.Handlers = awsapi.Services, nil })
	count := 0
	for _, svc := range awsapi.Services {
		for _, p := range svc.Protocols {
			for _, op := range svc.Operations {
				for _, signed := range []bool{false, true} {
					r, body := attempt(op, p)
					if signed {
						sigv4.Sign(r, sigv4.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, sigv4.HashBody([]byte(body)),
							sigv4.Scope{Region: "eu-west-1", Service: svc.SigningName}, epoch)
					}
					r.RequestURI = r.URL.RequestURI()
					w := &capture{sink: sink{h: http.Header{}}}
					s.ServeHTTP(w, r)
					e := seen.next(t)
					count++
					check(t, op, p, signed, w, e)
				}
			}
		}
	}
	t.Logf("%d requests", count)
}

// twins are operations of S3 whose requests are another's too.
var twins = map[string]bool{
	"GetBucketLifecycle": true, "PutBucketLifecycle": true, "GetBucketNotification": true, "PutBucketNotification": true, "ListDirectoryBuckets": true,
}

func check(t *testing.T, op *api.Operation, p api.Protocol, signed bool, w *capture, e Event) {
	t.Helper()
	name := op.Service.ID + " " + op.Name
	if !signed && rest(p) && e.Service != op.Service.ID {
		return // without a scope a path may mean another service's operation first
	}
	if e.Service != op.Service.ID || e.Operation != op.Name && !twins[op.Name] {
		t.Errorf("%s in %d, signed %v: taken for %q %q", name, p, signed, e.Service, e.Operation)
		return
	}
	want := api.ErrUnknownOperation
	if !signed && !op.Unsigned && !op.Anonymous {
		want = api.ErrMissingAuthentication
	}
	status := want.Status
	if v := inProtocol(want.New("x"), op.Service, p); v.Shape != want {
		status = v.Shape.Status
	}
	if e.Code != want.Code || w.status != status {
		t.Errorf("%s in %d, signed %v: %d %s, want %d %s", name, p, signed, w.status, e.Code, status, want.Code)
	}
	code := inProtocol(want.New("x"), op.Service, p).Shape.Code
	if p == api.Query {
		code = want.QueryCode
	}
	if !strings.Contains(string(w.body), code) && !strings.Contains(w.h.Get("X-Amzn-Errortype"), code) && op.Method != http.MethodHead {
		t.Errorf("%s in %d, signed %v: the answer does not name %s: %s", name, p, signed, code, w.body)
	}
}

// capture is a sink that keeps the body.
type capture struct {
	sink
	body []byte
}

func (c *capture) Write(b []byte) (int, error) {
	c.body = append(c.body, b...)
	return len(b), nil
}
