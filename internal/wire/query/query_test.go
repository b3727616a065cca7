package query_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/query"
)

// bag is a structure of one map of strings and one list of integers.
type bag struct {
	entries map[string]string
	numbers []int32
}

func member(name string, kind api.Kind) api.Member {
	return api.Member{Name: name, Wire: name, Schema: &api.Schema{Kind: kind}}
}

var bagSchema = func() *api.Schema {
	key, value, number := member("Attribute", api.KindString), member("Setting", api.KindString), member("member", api.KindInt)
	entries, numbers := member("Entries", api.KindMap), member("Numbers", api.KindList)
	entries.Schema.Key, entries.Schema.Elem = &key, &value
	numbers.Schema.Elem, numbers.Schema.HasMax, numbers.Schema.Max = &number, true, 4
	return &api.Schema{Name: "Bag", Kind: api.KindStruct, Members: []api.Member{entries, numbers}}
}()

func (b *bag) Schema() *api.Schema { return bagSchema }

func (b *bag) Member(i int) any {
	if i == 0 {
		return (*api.MapOf[string])(&b.entries)
	}
	return (*api.ListOf[int32])(&b.numbers)
}

func (b *bag) Nested(int, bool) api.Struct { return nil }

var op = &api.Operation{Service: &api.Service{}, Name: "Put", Status: http.StatusOK}

func decode(form string) (*bag, error) {
	b := &bag{}
	return b, query.Codec{}.Decode(op, &wire.Request{Method: http.MethodPost, Body: []byte(form)}, b)
}

func answer(t *testing.T, b *bag) string {
	t.Helper()
	var w wire.Response
	if err := (query.Codec{}).Encode(op, b, "id", &w); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(w.Body), "<PutResult>")
	result, _, _ := strings.Cut(rest, "</PutResult>")
	return result
}

func TestMaps(t *testing.T) {
	b, err := decode("Entries.entry.2.Attribute=b&Entries.entry.2.Setting=%3C%26+%0A&Entries.entry.10.Attribute=a&Entries.entry.10.Setting=x")
	if err != nil {
		t.Fatal(err)
	}
	const want = "<Entries><entry><Attribute>a</Attribute><Setting>x</Setting></entry>" +
		"<entry><Attribute>b</Attribute><Setting>&lt;&amp; &#xA;</Setting></entry></Entries>"
	if got := answer(t, b); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIndices(t *testing.T) {
	for form, want := range map[string]string{
		"Numbers.member.10=3&Numbers.member.1=1&Numbers.member.9=2": "<Numbers><member>1</member><member>2</member><member>3</member></Numbers>",
		"Numbers.member.1=1&Numbers.member.1=7&Other.member.1=1":    "<Numbers><member>7</member></Numbers>",
		"Numbers=": "<Numbers></Numbers>",
		"Action=x": "",
		// One more than the constraint allows is kept, so that it is seen to fail.
		"Numbers.member.1=1&Numbers.member.2=1&Numbers.member.3=1&Numbers.member.4=1&Numbers.member.5=1&Numbers.member.6=1": "<Numbers>" + strings.Repeat("<member>1</member>", 5) + "</Numbers>",
	} {
		b, err := decode(form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
		} else if got := answer(t, b); got != want {
			t.Errorf("%s: got %s, want %s", form, got, want)
		}
	}
}

func TestBadForms(t *testing.T) {
	for form, syntax := range map[string]bool{
		"Numbers.member.x=1":                  false,
		"Numbers.member.-1=1":                 false,
		"Numbers.member.1=one":                false,
		"Numbers.member.1=4294967296":         false,
		"Numbers.member.1.a=1":                false,
		"Entries.entry.1.Setting=1":           false,
		"Action=%4":                           true,
		"Action=%zz":                          true,
		strings.Repeat("a=1&", 20_001):        true,
		"a" + strings.Repeat(".a", 64) + "=1": true,
	} {
		_, err := decode(form)
		_, isSyntax := errors.AsType[*wire.SyntaxError](err)
		_, isType := errors.AsType[*wire.TypeError](err)
		if isSyntax != syntax || isType == syntax {
			t.Errorf("%.60s: got %v", form, err)
		}
	}
}

func TestQueryString(t *testing.T) {
	b := &bag{}
	r := &wire.Request{Method: http.MethodGet, Query: "Numbers.member.1=5", Body: []byte("Numbers.member.1=6")}
	if err := (query.Codec{}).Decode(op, r, b); err != nil || len(b.numbers) != 1 || b.numbers[0] != 5 {
		t.Errorf("got %v, %v", b.numbers, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("Entries.entry.1.Attribute=a&Entries.entry.1.Setting=x&Numbers.member.3=1")
	f.Add("Numbers=&Numbers.member.=%41&.=&a..b=+")
	f.Fuzz(func(t *testing.T, form string) {
		b, err := decode(form)
		if err == nil {
			answer(t, b)
		}
		if len(b.numbers) > 5 {
			t.Errorf("%d numbers are kept", len(b.numbers))
		}
	})
}
