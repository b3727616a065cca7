package restxml_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/restxml"
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

func TestEncodeError(t *testing.T) {
	svc := &api.Service{XMLNamespace: "http://x/"}
	shape := &api.ErrorShape{Code: "NoSuchKey", QueryCode: "NoSuchKey", Status: 404}
	for _, c := range []struct {
		codec restxml.Codec
		want  string
	}{
		{restxml.Codec{}, `<ErrorResponse xmlns="http://x/"><Error><Type>Sender</Type><Code>NoSuchKey</Code><Message>&lt;k&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>`},
		{restxml.Codec{BareErrors: true}, `<Error><Code>NoSuchKey</Code><Message>&lt;k&gt;</Message><RequestId>id</RequestId></Error>`},
	} {
		var w wire.Response
		c.codec.EncodeError(svc, nil, shape.New("<k>"), "id", &w)
		if w.Status != 404 || string(w.Body) != c.want || w.Header.Get("Content-Type") != "application/xml" {
			t.Errorf("got %d %v %s, want %s", w.Status, w.Header, w.Body, c.want)
		}
	}
}

// The members of an error stand in headers and body like those of an output.
func TestErrorMembers(t *testing.T) {
	for _, op := range shapes.Suites["output/rest-xml.json"] {
		for _, shape := range op.Errors {
			if shape.Code != "ComplexError" {
				continue
			}
			e := &api.Error{Shape: shape, Message: "Hi", Fields: wiretest.NewStruct(shape.Schema)}
			if err := wiretest.Fill(e.Fields, []byte(`{"Header":"H","TopLevel":"T","Nested":{"Foo":"bar"}}`)); err != nil {
				t.Fatal(err)
			}
			var w wire.Response
			(restxml.Codec{BareErrors: true}).EncodeError(op.Service, op, e, "id", &w)
			want := "<Error><Code>ComplexError</Code><Message>Hi</Message><TopLevel>T</TopLevel><Nested><Foo>bar</Foo></Nested><RequestId>id</RequestId></Error>"
			if string(w.Body) != want || w.Header.Get("X-Header") != "H" {
				t.Errorf("got %v %s, want %s", w.Header, w.Body, want)
			}
			return
		}
	}
	t.Fatal("the cases have no ComplexError")
}

func TestMalformed(t *testing.T) {
	op := operation(t, "input/rest-xml.json", "SimpleScalarProperties")
	for name, body := range map[string]string{
		"cut off":         `<a><stringValue>`,
		"wrong end":       `<a><b></a></b>`,
		"no element":      `text`,
		"two roots":       `<a/><b/>`,
		"text after":      `<a/>x`,
		"document type":   `<!DOCTYPE a [<!ENTITY e "x">]><a><stringValue>&e;</stringValue></a>`,
		"external":        `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`,
		"unknown entity":  `<a><stringValue>&e;</stringValue></a>`,
		"not UTF-8":       "<a><stringValue>\xff</stringValue></a>",
		"other encoding":  `<?xml version="1.0" encoding="UTF-16"?><a/>`,
		"control":         "<a><stringValue>\x01</stringValue></a>",
		"deep":            strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000),
		"deep and spread": "<a>" + strings.Repeat("<b>", 200) + strings.Repeat("</b>", 200) + "</a>",
	} {
		err := (restxml.Codec{}).Decode(op, &wire.Request{Header: http.Header{}, Body: []byte(body)}, op.NewInput())
		if _, ok := errors.AsType[*wire.SyntaxError](err); !ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTypes(t *testing.T) {
	op := operation(t, "input/rest-xml.json", "SimpleScalarProperties")
	in := op.NewInput()
	body := `<?xml version="1.0" encoding="UTF-8"?><!-- a comment --><x:a xmlns:x="urn:x"><integerValue>x</integerValue>` +
		`<unknown><deep/></unknown><stringValue> a<![CDATA[<&]]>&#65; </stringValue><floatValue><b/></floatValue>` +
		`<longValue> 7 </longValue></x:a>`
	err := (restxml.Codec{}).Decode(op, &wire.Request{Body: []byte(body)}, in)
	if typeErr, ok := errors.AsType[*wire.TypeError](err); !ok || !strings.Contains(typeErr.Message, `"x"`) {
		t.Errorf("got %v, want the first type error", err)
	}
	for name, want := range map[string]any{"stringValue": " a<&A ", "longValue": int64(7)} {
		switch got := in.Member(wire.MemberIndex(in, name)).(type) {
		case *api.Opt[string]:
			if got.V != want {
				t.Errorf("%s: got %q", name, got.V)
			}
		case *api.Opt[int64]:
			if got.V != want {
				t.Errorf("%s: got %d", name, got.V)
			}
		}
	}
}

// An attribute whose name has a prefix in the model is found by its local name,
// as S3's xsi:type.
func TestPrefixedAttribute(t *testing.T) {
	text := &api.Schema{Name: "String", Kind: api.KindString}
	grantee := &api.Schema{Name: "Grantee", Kind: api.KindStruct, Members: []api.Member{
		{Name: "Type", Wire: "xsi:type", Schema: text, Attribute: true}, {Name: "ID", Wire: "ID", Schema: text},
	}}
	root := &api.Schema{Name: "Grant", Kind: api.KindStruct, Members: []api.Member{
		{Name: "Grantee", Wire: "Grantee", Schema: grantee, Namespace: api.Namespace{Prefix: "xsi", URI: "http://www.w3.org/2001/XMLSchema-instance"}},
	}}
	op := &api.Operation{Service: &api.Service{}, Status: 200, Input: root, Output: root}
	body := `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>me</ID></Grantee></Grant>`
	in := wiretest.NewStruct(root)
	if err := (restxml.Codec{}).Decode(op, &wire.Request{Body: []byte(body)}, in); err != nil {
		t.Fatal(err)
	}
	var w wire.Response
	if err := (restxml.Codec{}).Encode(op, in, "id", &w); err != nil || string(w.Body) != body {
		t.Errorf("got %s, %v, want %s", w.Body, err, body)
	}
}

// A map whose entries lack a key or a value is refused, and bounded lists keep
// one entry more than they may have.
func TestCollections(t *testing.T) {
	op := operation(t, "input/rest-xml.json", "XmlMaps")
	for body, wrong := range map[string]bool{
		`<a><myMap><entry><key>k</key><value><hi>x</hi></value></entry></myMap></a>`: false,
		`<a><myMap><entry><key>k</key></entry></myMap></a>`:                          true,
		`<a><myMap><entry><value><hi>x</hi></value><key>k</key></entry></myMap></a>`: true,
		`<a><myMap/></a>`: false,
	} {
		err := (restxml.Codec{}).Decode(op, &wire.Request{Body: []byte(body)}, op.NewInput())
		if _, ok := errors.AsType[*wire.TypeError](err); ok != wrong || !wrong && err != nil {
			t.Errorf("%s: got %v", body, err)
		}
	}

	text := &api.Schema{Name: "String", Kind: api.KindString}
	list := &api.Schema{Name: "List", Kind: api.KindList, HasMax: true, Max: 2, Elem: &api.Member{Wire: "member", Schema: text}}
	root := &api.Schema{Name: "Root", Kind: api.KindStruct, Members: []api.Member{{Name: "L", Wire: "L", Schema: list}}}
	in := wiretest.NewStruct(root)
	body := "<r><L>" + strings.Repeat("<member>x</member>", 50) + "</L></r>"
	if err := (restxml.Codec{}).Decode(&api.Operation{}, &wire.Request{Body: []byte(body)}, in); err != nil {
		t.Fatal(err)
	}
	if l, ok := in.Member(0).(api.List); !ok || l.Len() != 3 {
		t.Errorf("the list keeps %d entries, want 3", l.Len())
	}
}

// Whatever is sent, decoding ends in nil or in one of the two kinds of errors.
func FuzzDecode(f *testing.F) {
	f.Add(`<a><stringValue>x</stringValue><myMap><entry><key>k</key><value>v</value></entry></myMap></a>`)
	f.Add(`<a test="x"><nested><nested/></nested></a>`)
	f.Add(`<!DOCTYPE a><a/>`)
	f.Add(`<a><b>`)
	ops := shapes.Suites["input/rest-xml.json"]
	f.Fuzz(func(t *testing.T, body string) {
		for _, op := range ops {
			if op.NewInput == nil {
				continue
			}
			switch err := (restxml.Codec{}).Decode(op, &wire.Request{Body: []byte(body)}, op.NewInput()).(type) {
			case nil, *wire.SyntaxError, *wire.TypeError:
			default:
				t.Fatalf("%s: %v", op.Name, err)
			}
		}
	})
}

// benchmarkOutput is a list of 100 structures of two strings.
func benchmarkOutput(b *testing.B) (*api.Operation, api.Struct) {
	op := operation(b, "output/rest-xml.json", "XmlLists")
	out := op.NewOutput()
	list := strings.TrimSuffix(strings.Repeat(`{"a":"a value of some length","b":"another & longer value <of> text"},`, 100), ",")
	if err := wiretest.Fill(out, []byte(`{"structureList":[`+list+`]}`)); err != nil {
		b.Fatal(err)
	}
	return op, out
}

func BenchmarkEncode(b *testing.B) {
	op, out := benchmarkOutput(b)
	w := wire.Response{Header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		w.Body = w.Body[:0]
		if err := (restxml.Codec{}).Encode(op, out, "id", &w); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(w.Body)))
}

func BenchmarkDecode(b *testing.B) {
	op, out := benchmarkOutput(b)
	w := wire.Response{Header: http.Header{}}
	if err := (restxml.Codec{}).Encode(op, out, "id", &w); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(w.Body)))
	for b.Loop() {
		if err := (restxml.Codec{}).Decode(op, &wire.Request{Body: w.Body}, op.NewOutput()); err != nil {
			b.Fatal(err)
		}
	}
}
