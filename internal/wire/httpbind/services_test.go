package httpbind_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/awsapi"
	"github.com/millrace/millrace/internal/wire/httpbind"
)

// sample fills the labels of a path template: "a" each, "a/b" for a greedy one.
func sample(uri string) string {
	for {
		before, rest, ok := strings.Cut(uri, "{")
		if !ok {
			return uri
		}
		name, after, _ := strings.Cut(rest, "}")
		value := "a"
		if strings.HasSuffix(name, "+") {
			value = "a/b"
		}
		uri = before + value + after
	}
}

// twins are operations of S3 that the model has no telling apart, with the one to
// which their requests lead: the older form of an operation has the request of the
// newer, and directory buckets are listed under a host of their own.
var twins = map[string]string{
	"GetBucketLifecycle": "GetBucketLifecycleConfiguration", "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
	"GetBucketNotification": "GetBucketNotificationConfiguration", "PutBucketNotification": "PutBucketNotificationConfiguration",
	"ListDirectoryBuckets": "ListBuckets",
}

// Every operation's own URI leads to it, with the parameters and headers that its
// model requires.
func TestEveryOperationRoutesToItself(t *testing.T) {
	for _, svc := range awsapi.Services {
		if !slices.Contains(svc.Protocols, api.RESTJSON) && !slices.Contains(svc.Protocols, api.RESTXML) {
			continue
		}
		router := httpbind.NewRouter(svc.Operations)
		for _, op := range svc.Operations {
			path, query, _ := strings.Cut(sample(op.URI), "?")
			header := http.Header{}
			for _, b := range op.Required {
				if b.Location == api.InHeader {
					header.Set(b.Name, "x")
				} else {
					query += "&" + b.Name + "=1"
				}
			}
			want := op.Name
			if twin := twins[want]; twin != "" && svc.ID == "s3" {
				want = twin
			}
			if got, _ := router.Match(op.Method, path, query, header); got == nil || got.Name != want {
				t.Errorf("%s: %s %s leads to %v, not to %s", svc.ID, op.Method, op.URI, name(got), want)
			}
			// SDKs name the operation, which decides between twins.
			if got, _ := router.Match(op.Method, path, query+"&x-id="+op.Name, header); got != op {
				t.Errorf("%s: %s %s with its name leads to %v, not to %s", svc.ID, op.Method, op.URI, name(got), op.Name)
			}
		}
	}
}

func name(op *api.Operation) string {
	if op == nil {
		return "nothing"
	}
	return op.Name + " " + op.URI
}

func TestLabels(t *testing.T) {
	get := &api.Operation{Name: "Get", Method: "GET", URI: "/{Bucket}/{Key+}"}
	acl := &api.Operation{Name: "GetAcl", Method: "GET", URI: "/{Bucket}/{Key+}?acl"}
	list := &api.Operation{Name: "List", Method: "GET", URI: "/{Bucket}"}
	router := httpbind.NewRouter([]*api.Operation{get, acl, list})
	for _, c := range []struct {
		path, query string
		op          *api.Operation
		key         string
	}{
		{"/b/k%2F1/x%20y", "", get, "k/1/x y"},
		{"/b/k", "acl=&x=1", acl, "k"},
		{"/b/", "", list, ""},
		{"/b", "", list, ""},
		{"/", "", nil, ""},
	} {
		op, labels := router.Match("GET", c.path, c.query, http.Header{})
		if op != c.op || labels["Key"] != c.key || op != nil && labels["Bucket"] != "b" {
			t.Errorf("%s?%s: got %s, %v", c.path, c.query, name(op), labels)
		}
	}
	if op, _ := router.Match("PUT", "/b/k", "", nil); op != nil {
		t.Errorf("PUT leads to %s", name(op))
	}
}
