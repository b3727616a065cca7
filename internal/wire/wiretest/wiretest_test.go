package wiretest

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
)

// A harness that sees no difference proves nothing: these are differences.
func TestBodiesThatDiffer(t *testing.T) {
	for _, c := range []struct {
		form      bodyForm
		got, want string
		same      bool
	}{
		{bodyJSON, `{"a":1,"b":[1.0]}`, ` {"b":[1], "a":1}`, true},
		{bodyJSON, `{"a":1}`, `{"a":1,"b":null}`, false},
		{bodyJSON, `{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{bodyJSON, `{"a":"1"}`, `{"a":1}`, false},
		{bodyJSON, `{}`, ``, false},
		{bodyXML, `<a><b>1</b><c/></a>`, "<a>\n <c></c>\n <b>1</b>\n</a>", true},
		{bodyXML, `<a><b>1</b><b>2</b></a>`, `<a><b>2</b><b>1</b></a>`, false},
		{bodyXML, `<a x="1"/>`, `<a x="2"/>`, false},
		{bodyXML, `<a xmlns="u"/>`, `<a/>`, false},
		{bodyXML, `<a/>`, `<b/>`, false},
		{bodyXML, `<a><b/></a>`, `<a/>`, false},
		{bodyXML, `<a><RequestId>i</RequestId></a>`, `<a/>`, true},
		{bodyXML, `<a/>`, `<a><RequestId>i</RequestId></a>`, false},
		{bodyCBOR, "\xa1\x61a\x01", "\xbf\x61a\x18\x01\xff", true},
		{bodyCBOR, "\xf9\x3c\x00", "\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", true},
		{bodyCBOR, "\x41a", "\x61a", false},
		{bodyCBOR, "\x01\x01", "\x01", false},
		{bodyCBOR, "\xc1\x01", "\x01", false},
	} {
		if d := diffBody(c.form, []byte(c.got), []byte(c.want)); (len(d) == 0) != c.same {
			t.Errorf("%q and %q: %v", c.got, c.want, d)
		}
	}
}

func TestStructuresThatDiffer(t *testing.T) {
	text := &api.Schema{Name: "String", Kind: api.KindString}
	list := &api.Schema{Name: "List", Kind: api.KindList, Elem: &api.Member{Name: "member", Schema: text}}
	number := &api.Schema{Name: "Long", Kind: api.KindLong}
	time := &api.Schema{Name: "Timestamp", Kind: api.KindTimestamp}
	root := &api.Schema{Name: "Root", Kind: api.KindStruct}
	root.Members = []api.Member{{Name: "S", Schema: text}, {Name: "L", Schema: list}, {Name: "N", Schema: number}, {Name: "T", Schema: time}, {Name: "R", Schema: root}}
	for _, c := range []struct {
		got, want string
		same      bool
	}{
		{`{"S":"a","R":{"N":1}}`, `{"R":{"N":1},"S":"a"}`, true},
		{`{}`, `{"S":""}`, false},
		{`{"L":[]}`, `{}`, false},
		{`{"L":["a","b"]}`, `{"L":["b","a"]}`, false},
		{`{"N":1}`, `{"N":2}`, false},
		{`{"T":1.5}`, `{"T":1}`, false},
		{`{"R":{}}`, `{}`, false},
		{`{"R":{"R":{"S":"a"}}}`, `{"R":{"R":{"S":"b"}}}`, false},
	} {
		got, want := NewStruct(root), NewStruct(root)
		if err := Fill(got, []byte(c.got)); err != nil {
			t.Fatal(err)
		}
		if err := Fill(want, []byte(c.want)); err != nil {
			t.Fatal(err)
		}
		if d := Diff(got, want); (len(d) == 0) != c.same {
			t.Errorf("%s and %s: %v", c.got, c.want, d)
		}
	}
	if err := Fill(NewStruct(root), []byte(`{"X":1}`)); err == nil {
		t.Error("a member that there is not was filled")
	}
}
