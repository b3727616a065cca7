package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"maps"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

// Requests to SQS as no SDK of today sends them, in both of its protocols (§1).

const (
	queueJSON = "application/x-amz-json-1.0"
	queueForm = "application/x-www-form-urlencoded"
)

// queueAnswer is what came back, to the byte.
type queueAnswer struct {
	status int
	header http.Header
	body   string
}

// ask sends a signed request to SQS. A body is of the content type, if any.
func (s *server) ask(t *testing.T, method, target, contentType, body string, change ...func(*http.Request)) queueAnswer {
	t.Helper()
	r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method, s.url+target, strings.NewReader(body)))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, f := range change {
		f(r)
	}
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, sigv4.HashBody([]byte(body)), sigv4.Scope{Region: region, Service: "sqs"}, time.Now())
	resp := must[*http.Response](t)(http.DefaultClient.Do(r))
	defer resp.Body.Close()
	return queueAnswer{resp.StatusCode, resp.Header, string(must[[]byte](t)(io.ReadAll(resp.Body)))}
}

// askJSON calls an operation in JSON, by a path.
func (s *server) askJSON(t *testing.T, path, operation, body string, change ...func(*http.Request)) queueAnswer {
	t.Helper()
	target := func(r *http.Request) { r.Header.Set("X-Amz-Target", "AmazonSQS."+operation) }
	return s.ask(t, http.MethodPost, path, queueJSON, body, append([]func(*http.Request){target}, change...)...)
}

// askForm calls an operation in Query, by POST.
func (s *server) askForm(t *testing.T, path, operation string, form url.Values, change ...func(*http.Request)) queueAnswer {
	t.Helper()
	return s.ask(t, http.MethodPost, path, queueForm, asQuery(operation, form).Encode(), change...)
}

// askURL calls an operation in Query, by GET.
func (s *server) askURL(t *testing.T, path, operation string, form url.Values) queueAnswer {
	t.Helper()
	return s.ask(t, http.MethodGet, path+"?"+asQuery(operation, form).Encode(), "", "")
}

func asQuery(operation string, form url.Values) url.Values {
	whole := url.Values{"Action": {operation}, "Version": {"2012-11-05"}}
	maps.Copy(whole, form)
	return whole
}

// formOf writes the input of an operation, which is given in JSON, as a form: lists
// and maps are flattened and counted from 1.
func formOf(t *testing.T, operation, input string) url.Values {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(input))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		t.Fatalf("%s: %v", input, err)
	}
	form := url.Values{}
	for name, v := range members {
		flatten(form, operation, name, v)
	}
	return form
}

// formNames are the names of lists and maps in forms, where they are not those in
// JSON without an s.
func formName(operation, member string) string {
	switch member {
	case "tags":
		return "Tag"
	case "Entries":
		return operation + "RequestEntry"
	case "Actions":
		return "ActionName"
	}
	return strings.TrimSuffix(member, "s")
}

func flatten(form url.Values, operation, name string, v any) {
	member := name[strings.LastIndexByte(name, '.')+1:]
	inner := strings.TrimSuffix(name, member) + formName(operation, member)
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			at := fmt.Sprintf("%s.%d", inner, i+1)
			if fields, ok := e.(map[string]any); ok {
				for k, f := range fields {
					flatten(form, operation, at+"."+k, f)
				}
			} else {
				form.Set(at, fmt.Sprint(e))
			}
		}
	case map[string]any:
		key := "Name"
		if member == "Tags" || member == "tags" {
			key = "Key"
		}
		for i, k := range slices.Sorted(maps.Keys(v)) {
			at := fmt.Sprintf("%s.%d", inner, i+1)
			form.Set(at+"."+key, k)
			if fields, ok := v[k].(map[string]any); ok {
				for f, e := range fields {
					form.Set(at+".Value."+f, fmt.Sprint(e))
				}
			} else {
				form.Set(at+".Value", fmt.Sprint(v[k]))
			}
		}
	default:
		form.Set(name, fmt.Sprint(v))
	}
}
