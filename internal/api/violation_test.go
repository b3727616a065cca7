package api

import (
	"testing"
	"unicode/utf8"
)

func TestShownHidesSecrets(t *testing.T) {
	text := &Schema{Kind: KindString}
	secret := &Schema{Kind: KindString, Sensitive: true}
	listOf := func(s *Schema) *Schema { return &Schema{Kind: KindList, Elem: &Member{Schema: s}} }
	mapOf := func(k, v *Schema) *Schema {
		return &Schema{Kind: KindMap, Key: &Member{Schema: k}, Elem: &Member{Schema: v}}
	}
	list, dict := &ListOf[string]{"a"}, &MapOf[string]{"a": "b"}
	for _, test := range []struct {
		name   string
		member Member
		value  any
		want   string
	}{
		{"open", Member{Schema: text}, "a", " 'a'"},
		{"shape", Member{Schema: secret}, "a", ""},
		{"member", Member{Schema: text, Sensitive: true}, "a", ""},
		{"open list", Member{Schema: listOf(text)}, list, " '[a]'"},
		{"list", Member{Schema: listOf(secret)}, list, ""},
		{"list of lists", Member{Schema: listOf(listOf(secret))}, list, ""},
		{"open map", Member{Schema: mapOf(text, text)}, dict, " '{a=b}'"},
		{"map's key", Member{Schema: mapOf(secret, text)}, dict, ""},
		{"map's value", Member{Schema: mapOf(text, secret)}, dict, ""},
	} {
		if got := test.member.shown(test.value); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestBoundedCutsBetweenCharacters(t *testing.T) {
	s := "a"
	for range maxShown {
		s += "é"
	}
	if got, want := bounded(s), s[:maxShown-1]+"..."; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestPatternFastPathAgrees(t *testing.T) {
	for _, expr := range []string{`[a-zA-Z0-9_.-]+`, `[a-z]*`, `[\.\-_/#A-Za-z0-9]+`} {
		if _, ok := asciiSet(expr); !ok {
			t.Errorf("%s: no fast path", expr)
		}
		fast, slow := RE2(expr, expr), RE2(expr, "(?:"+expr+"|"+expr+"[^\\x00-\\x{10FFFF}])")
		for _, s := range []string{"", "a", "abc", "Stream-1.x_y", "a b", "é", "a\n", "\xff", "a\xff"} {
			if fast.Match(s) != slow.Match(s) {
				t.Errorf("%s on %q: got %v", expr, s, fast.Match(s))
			}
		}
	}
	for _, expr := range []string{`[^:*]*`, `a+`, `[a-z]{3}`, `(?i)[k]+`, `[a-z]+\d`} {
		if _, ok := asciiSet(expr); ok {
			t.Errorf("%s: it has no fast path", expr)
		}
	}
}

// FuzzLength: the shortcut by bytes agrees with counting code points.
func FuzzLength(f *testing.F) {
	f.Add("", 0, 0)
	f.Add("é😀", 1, 2)
	f.Add("\xff\xfe", 2, 2)
	f.Add("aaaa", 5, 9)
	f.Fuzz(func(t *testing.T, text string, least, most int) {
		s := &Schema{Kind: KindString, HasMin: least >= 0, Min: float64(least), HasMax: most >= 0, Max: float64(most)}
		if got, want := s.outOfLength(text), s.outOfSize(utf8.RuneCountInString(text)); got != want {
			t.Errorf("%q in %d..%d: got %d, want %d", text, least, most, got, want)
		}
	})
}
