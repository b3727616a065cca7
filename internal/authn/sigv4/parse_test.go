package sigv4

import (
	"errors"
	"net/http"
	"testing"

	"github.com/millrace/millrace/internal/api"
)

// Texts: reference kinesis-streams §2.3.
func TestParseNamesWhatIsMissing(t *testing.T) {
	const cred = "AWS4-HMAC-SHA256 Credential=A/20260102/us-east-1/kinesis/aws4_request, "
	date := func(auth string) http.Header {
		return http.Header{"Authorization": {auth}, "X-Amz-Date": {"20260102T030405Z"}}
	}
	for _, c := range []struct {
		header http.Header
		query  string
		shape  *api.ErrorShape
		text   string
	}{
		{nil, "", api.ErrMissingAuthentication, "Missing Authentication Token"},
		{http.Header{"Authorization": {"Basic Zm9v"}}, "", api.ErrMissingAuthentication, "Missing Authentication Token"},
		{date(cred + "SignedHeaders=host, Signature=ff"), "X-Amz-Algorithm=AWS4-HMAC-SHA256", api.ErrInvalidSignature, bothText},
		{http.Header{"Authorization": {"AWS4-HMAC-SHA256 "}}, "", api.ErrIncompleteSignature,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
				"Authorization=AWS4-HMAC-SHA256 "},
		{date(cred + "Signature=ff"), "", api.ErrIncompleteSignature,
			"Authorization header requires 'SignedHeaders' parameter. Authorization=" + cred + "Signature=ff"},
		{date("AWS4-HMAC-SHA256 Credential=A/b/c, SignedHeaders=host, Signature=ff"), "", api.ErrIncompleteSignature,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'A/b/c'"},
		{date("AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ff"), "", api.ErrInvalidSignature,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != '20260102', from '20260102T030405Z'."},
		{nil, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260102T030405Z", api.ErrIncompleteSignature,
			"AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
		{nil, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260102T030405Z&X-Amz-Credential=A/20260102/r/s/aws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=f&X-Amz-Expires=604801",
			api.ErrIncompleteSignature,
			"X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"},
	} {
		var s Signature
		err := Parse(&Request{Header: c.header, Query: c.query}, &s)
		e, ok := errors.AsType[*api.Error](err)
		if !ok || e.Shape != c.shape || e.Message != c.text {
			t.Errorf("%v %s:\n got %v\nwant %s: %s", c.header, c.query, err, c.shape.Code, c.text)
		}
	}
}

func TestDateHeaderStandsIn(t *testing.T) {
	r := &Request{Header: http.Header{"Date": {"Fri, 02 Jan 2026 03:04:05 GMT"},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=a/b/20260102/us-east-1/kinesis/aws4_request,SignedHeaders=date;host,Signature=ff"}}}
	var s Signature
	if err := Parse(r, &s); err != nil {
		t.Fatal(err)
	}
	if s.Timestamp != "20260102T030405Z" || s.AccessKeyID != "a/b" || s.Scope != (Scope{"20260102", "us-east-1", "kinesis"}) {
		t.Errorf("%+v", s)
	}
}

func TestPathsAreCanonical(t *testing.T) {
	for _, c := range []struct{ service, path, want string }{
		{"kinesis", "", "/"},
		{"service", "//", "/"},
		{"service", "/example/..", "/"},
		{"service", "/./example", "/example"},
		{"service", "//example//", "/example/"},
		{"service", "/example%20space/", "/example%2520space/"},
		{"service", "/%E1%88%B4", "/%25E1%2588%25B4"},
		{"s3", "/b/a%20b+c//../d", "/b/a%20b+c//../d"},
		{"s3", "/b/%7Euser%2Fx", "/b/%7Euser%2Fx"},
	} {
		if got := string(appendPath(nil, c.path, c.service)); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.service, c.path, got, c.want)
		}
	}
}

func TestQueriesAreCanonical(t *testing.T) {
	for query, want := range map[string]string{
		"":                             "",
		"b=2&a=1":                      "a=1&b=2",
		"a=b&a=":                       "a=&a=b",
		"acl":                          "acl=",
		"a=x+y&b=%2b":                  "a=x%20y&b=%2B",
		"a-b=1&a=2":                    "a=2&a-b=1",
		"a=%zz":                        "a=%25zz",
		"X-Amz-Signature=f&X-Amz-Date": "X-Amz-Date=",
	} {
		if got := string(appendQuery(nil, query, true)); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestTimesThatDoNotExist(t *testing.T) {
	for _, s := range []string{"", "20260102T030405", "20260230T000000Z", "20261301T000000Z", "20260102T250000Z", "2026010aT000000Z", "20260102X030405Z"} {
		if _, ok := parseTime(s); ok {
			t.Errorf("%q was read", s)
		}
	}
}
