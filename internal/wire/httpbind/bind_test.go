package httpbind

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

func member(kind api.Kind) *api.Member { return &api.Member{Schema: &api.Schema{Kind: kind}} }

func TestHeaderLists(t *testing.T) {
	date := "Mon, 16 Dec 2019 23:48:18 GMT"
	for _, c := range []struct {
		text string
		kind api.Kind
		want []string
	}{
		{"", api.KindString, nil},
		{"   ", api.KindString, nil},
		{"a", api.KindString, []string{"a"}},
		{" a ,b,\tc ", api.KindString, []string{"a", "b", "c"}},
		{"a,", api.KindString, []string{"a", ""}},
		{`"b,c", "\"d\\", a`, api.KindString, []string{"b,c", `"d\`, "a"}},
		{`"never closed, a`, api.KindString, []string{`"never closed`, "a"}},
		{`"ends in a backslash\`, api.KindString, []string{`"ends in a backslash\`}},
		{date, api.KindTimestamp, []string{date}},
		{date + ", " + date, api.KindTimestamp, []string{date, date}},
		{date + ",Tue", api.KindTimestamp, []string{date, "Tue"}},
	} {
		if got := slices.Collect(parts(c.text, member(c.kind))); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// What is written is read back, whatever it holds.
func FuzzHeaderLists(f *testing.F) {
	f.Add("a", "b,c")
	f.Add(`"`, `\`)
	f.Add("", " x")
	f.Add("\u2000", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		var dst []byte
		var want []string
		for _, s := range []string{a, b, "end"} {
			s = string(slices.DeleteFunc([]byte(s), func(c byte) bool { return c <= ' ' }))
			if s == "" || s[0] == '"' && !slices.Contains([]byte(s[1:]), '"') {
				s = "x" + s // an empty first element cannot be told from an empty list
			}
			dst = appendPart(dst, []byte(s), true)
			want = append(want, s)
		}
		if got := slices.Collect(parts(string(dst), member(api.KindString))); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", dst, got, want)
		}
	})
}

func TestQueryEscapes(t *testing.T) {
	params, err := parseQuery("a=1+2&&b&%63=%26%3D")
	if want := []param{{"a", "1 2"}, {"b", ""}, {"c", "&="}}; err != nil || !slices.Equal(params, want) {
		t.Errorf("got %q, %v", params, err)
	}
	for _, bad := range []string{"a=%", "%zz=1", "a=%4"} {
		if _, err := parseQuery(bad); !isSyntax(err) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*wire.SyntaxError](err)
	return ok
}

// Routes with one template are told apart by what their members require, as S3
// does with its objects.
func TestRequiredParametersDecide(t *testing.T) {
	part := api.Binding{Location: api.InQuery, Name: "partNumber"}
	id := api.Binding{Location: api.InQuery, Name: "uploadId"}
	source := api.Binding{Location: api.InHeader, Name: "x-amz-copy-source"}
	op := func(name string, required ...api.Binding) *api.Operation {
		return &api.Operation{Name: name, Method: "PUT", URI: "/{Bucket}/{Key+}", Required: required}
	}
	ops := []*api.Operation{
		op("CopyObject", source), op("PutObject"), op("UploadPart", part, id), op("UploadPartCopy", source, part, id),
		{Name: "GetBucketLifecycle", Method: "GET", URI: "/{Bucket}?lifecycle"},
		{Name: "GetBucketLifecycleConfiguration", Method: "GET", URI: "/{Bucket}?lifecycle"},
		{Name: "ListBuckets", Method: "GET", URI: "/"},
		{Name: "ListDirectoryBuckets", Method: "GET", URI: "/"},
	}
	copied := http.Header{"X-Amz-Copy-Source": {"/b/k"}}
	for _, c := range []struct {
		method, path, query string
		header              http.Header
		want                string
	}{
		{"PUT", "/b/k", "", nil, "PutObject"},
		{"PUT", "/b/k", "", copied, "CopyObject"},
		{"PUT", "/b/k", "partNumber=1&uploadId=u", nil, "UploadPart"},
		{"PUT", "/b/k", "partNumber=1&uploadId=u", copied, "UploadPartCopy"},
		{"GET", "/b", "lifecycle", nil, "GetBucketLifecycleConfiguration"},
		{"GET", "/", "", nil, "ListBuckets"},
		{"GET", "/", "x-id=ListDirectoryBuckets", nil, "ListDirectoryBuckets"},
	} {
		for range 2 {
			if got, _ := NewRouter(ops).Match(c.method, c.path, c.query, c.header); got == nil || got.Name != c.want {
				t.Errorf("%s %s?%s: got %v, want %s", c.method, c.path, c.query, got, c.want)
			}
			slices.Reverse(ops[:4]) // the order of the table does not decide
		}
	}
}
