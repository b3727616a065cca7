package sqs

import (
	"reflect"
	"testing"
)

// TestAttributeFilter repeats what was recorded of AWS: a prefix ends before the
// dot, and the digest covers what is returned.
func TestAttributeFilter(t *testing.T) {
	all := given{"Help.Me": text("Me"), "Hello": text("There"), "General": text("Kenobi")}
	packed := pack(t, all)
	for _, c := range []struct {
		names []string
		want  []string
		md5   string
	}{
		{nil, nil, ""},
		{[]string{"All"}, []string{"General", "Hello", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{"*"}, []string{"General", "Hello", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{".*"}, []string{"General", "Hello", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{"Foo", "Help"}, nil, ""},
		{[]string{"Hello", "General"}, []string{"General", "Hello"}, "fca026605781cb4126a1e9044df24232"},
		{[]string{"Foo", "Hello"}, []string{"Hello"}, "a311262e065454b75da111d535b8dacd"},
		{[]string{"Hel.*"}, []string{"Hello", "Help.Me"}, "83fee93c1bcd8b9a5a923ffacdc636c7"},
		{[]string{"AWS."}, nil, ""},
		{[]string{"..foo"}, nil, ""},
		{[]string{"hello", ""}, nil, ""},
	} {
		f := newAttributeFilter(c.names)
		got := f.of(packed)
		var want given
		for _, name := range c.want {
			if want == nil {
				want = make(given)
			}
			want[name] = all[name]
		}
		if !reflect.DeepEqual(got.show(), want) || got.md5().V != c.md5 {
			t.Errorf("%q: %v with digest %q, want %v with %q", c.names, got.show(), got.md5().V, want, c.md5)
		}
	}
}
