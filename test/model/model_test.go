package model

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
)

var schema = &api.Schema{Name: "Thing", Kind: api.KindStruct, Members: []api.Member{
	{Wire: "Text", Required: true, Schema: &api.Schema{Name: "T", Kind: api.KindString}},
	{Wire: "Blob", Schema: &api.Schema{Name: "B", Kind: api.KindBlob}},
	{Wire: "Count", Schema: &api.Schema{Name: "N", Kind: api.KindLong}},
	{Wire: "Truth", Schema: &api.Schema{Name: "Y", Kind: api.KindBool}},
	{Wire: "When", Schema: &api.Schema{Name: "W", Kind: api.KindTimestamp}},
	{Wire: "List", Schema: &api.Schema{Name: "L", Kind: api.KindList, Elem: &api.Member{Schema: &api.Schema{Name: "N", Kind: api.KindInt}}}},
	{Wire: "Tags", Schema: &api.Schema{Name: "M", Kind: api.KindMap, Elem: &api.Member{Schema: &api.Schema{Name: "T", Kind: api.KindString}}}},
}}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	long := strings.Repeat("x", 300)
	want := Object{
		"Text": long, "Blob": []byte{0, 255}, "Count": -70000, "Truth": true, "When": time.UnixMilli(1_790_000_000_123).UTC(),
		"List": []any{1, 24, 65536}, "Tags": Object{"a": "b"},
	}
	for _, e := range []Encoding{JSON, CBOR} {
		b, err := e.encode(want)
		if err != nil {
			t.Fatal(err)
		}
		v, err := e.decode(b)
		if err == nil {
			v, err = conform(schema, v)
		}
		if err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%s: %v, %v", e.contentType, v, err)
		}
	}
}

// RFC 8949, appendix A.
func TestCBORIsRead(t *testing.T) {
	for message, want := range map[string]any{
		"\x18\x64":                             100,
		"\x1a\x00\x0f\x42\x40":                 1000000,
		"\x38\x63":                             -100,
		"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a": 1.1,
		"\x9f\x01\x02\xff":                     []any{1, 2},
		"\xa1\x61\x61\x01":                     Object{"a": 1},
		"\xbf\x61\x61\xf5\xff":                 Object{"a": true},
	} {
		if got, err := decodeCBOR([]byte(message)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: %v, %v", message, got, err)
		}
	}
	for _, message := range []string{"", "\x18", "\x62a", "\xa1\x61a", "\xa1\x01\x01", "\x9f\x01", "\xff", "\x01\x01", "\xa2\x61a\x01\x61a\x01", "\xc2\x01", "\x5b\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if v, err := decodeCBOR([]byte(message)); err == nil {
			t.Errorf("%x is %v", message, v)
		}
	}
}

func TestAnswersAreHeldAgainstTheModel(t *testing.T) {
	for _, o := range []Object{
		{},
		{"Text": nil},
		{"Text": 1},
		{"Text": "x", "Other": 1},
		{"Text": "x", "Blob": "=?"},
		{"Text": "x", "Blob": 1},
		{"Text": "x", "Count": "1"},
		{"Text": "x", "Truth": "true"},
		{"Text": "x", "When": "now"},
		{"Text": "x", "List": Object{}},
		{"Text": "x", "List": []any{"1"}},
		{"Text": "x", "Tags": []any{}},
		{"Text": "x", "Tags": Object{"a": 1}},
	} {
		if v, err := conform(schema, o); err == nil {
			t.Errorf("%v is taken for %v", o, v)
		}
	}
}
