package restjson_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/restjson"
	"github.com/millrace/millrace/internal/wire/wiretest"
	"github.com/millrace/millrace/internal/wire/wiretest/shapes"
)

// operation returns the official operation of that name.
func operation(t testing.TB, file, name string) *api.Operation {
	t.Helper()
	for _, op := range shapes.Suites[file] {
		if op.Name == name {
			return op
		}
	}
	t.Fatalf("%s has no operation %s", file, name)
	return nil
}

func TestEmptyPayload(t *testing.T) {
	op := operation(t, "input/rest-json.json", "HttpPayloadWithStructure")
	for body, present := range map[string]bool{"": false, "{}": true} {
		in := op.NewInput()
		if err := (restjson.Codec{}).Decode(op, &wire.Request{Body: []byte(body)}, in); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if got := in.Nested(0, false) != nil; got != present {
			t.Errorf("%q: payload present is %t, want %t", body, got, present)
		}
	}
}

// A body that does not parse goes before a member that is not of its type, and
// both before nothing: every place is read.
func TestErrors(t *testing.T) {
	op := operation(t, "input/rest-json.json", "SimpleScalarProperties")
	for _, c := range []struct {
		name, body string
		syntax     bool
		message    string
	}{
		{"syntax", `{"stringValue":`, true, ""},
		{"no object", `[]`, true, ""},
		{"type", `{"integerValue":"x"}`, false, "class java.lang.String can not be converted to an Integer"},
	} {
		err := (restjson.Codec{}).Decode(op, &wire.Request{Header: http.Header{"X-Foo": {"f"}}, Body: []byte(c.body)}, op.NewInput())
		_, syntax := errors.AsType[*wire.SyntaxError](err)
		typeErr, _ := errors.AsType[*wire.TypeError](err)
		if syntax != c.syntax || !c.syntax && (typeErr == nil || typeErr.Message != c.message) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}

	labels := operation(t, "input/rest-json.json", "HttpRequestWithLabels")
	in := labels.NewInput()
	err := (restjson.Codec{}).Decode(labels, &wire.Request{Labels: map[string]string{"integer": "x", "string": "s"}}, in)
	typeErr, ok := errors.AsType[*wire.TypeError](err)
	if !ok || !strings.Contains(typeErr.Message, `"x"`) {
		t.Errorf("a label that is no number: got %v", err)
	}
	if s, ok := in.Member(wire.MemberIndex(in, "string")).(*api.Opt[string]); !ok || s.V != "s" {
		t.Error("the other labels were not read")
	}
}

func TestEncodeError(t *testing.T) {
	svc := &api.Service{}
	shape := &api.ErrorShape{Code: "ResourceNotFoundException", Status: 404}
	var w wire.Response
	(restjson.Codec{}).EncodeError(svc, nil, shape.New("No \"such\" thing"), "id", &w)
	if w.Status != 404 || w.Header.Get("X-Amzn-Errortype") != shape.Code || string(w.Body) != `{"message":"No \"such\" thing"}` {
		t.Errorf("got %d %v %s", w.Status, w.Header, w.Body)
	}
}

// The headers of a caller's own making cannot end early.
func TestHeadersHoldNoLineEnds(t *testing.T) {
	op := operation(t, "output/rest-json.json", "InputAndOutputWithHeaders")
	out := op.NewOutput()
	if err := wiretest.Fill(out, []byte(`{"headerString":"a\r\nX-Evil: 1"}`)); err != nil {
		t.Fatal(err)
	}
	var w wire.Response
	if err := (restjson.Codec{}).Encode(op, out, "id", &w); err != nil {
		t.Fatal(err)
	}
	if got := w.Header.Get("X-String"); got != "a  X-Evil: 1" {
		t.Errorf("got %q", got)
	}
}

func TestNoContentHasNoBody(t *testing.T) {
	op := *operation(t, "output/rest-json.json", "InputAndOutputWithHeaders")
	op.Status = http.StatusNoContent
	var w wire.Response
	if err := (restjson.Codec{}).Encode(&op, op.NewOutput(), "id", &w); err != nil || len(w.Body) > 0 || w.Header.Get("Content-Type") != "" {
		t.Errorf("got %v, %q, %v", err, w.Body, w.Header)
	}
}

// Whatever is sent, decoding ends in nil or in one of the two kinds of errors.
func FuzzDecode(f *testing.F) {
	f.Add("a=1&b=%20", "a, \"b,c\", d", `{"stringValue":"x","floatValue":"NaN"}`)
	f.Add("Timestamp=1970-01-01T00:00:01Z&IntegerList=1&IntegerList=x", "Mon, 16 Dec 2019 23:48:18 GMT, x", `{"unionValue":{}}`)
	f.Add("%zz", `"`, `[`)
	ops := shapes.Suites["input/rest-json.json"]
	f.Fuzz(func(t *testing.T, query, header, body string) {
		for _, op := range ops {
			if op.NewInput == nil {
				continue
			}
			r := &wire.Request{Method: op.Method, Query: query, Header: http.Header{}, Body: []byte(body), Labels: map[string]string{}}
			in := op.NewInput()
			for i := range in.Schema().Members {
				m := &in.Schema().Members[i]
				r.Header.Set(m.Wire, header)
				r.Labels[m.Wire] = header
			}
			switch err := (restjson.Codec{}).Decode(op, r, in).(type) {
			case nil, *wire.SyntaxError, *wire.TypeError:
			default:
				t.Fatalf("%s: %v", op.Name, err)
			}
		}
	})
}
