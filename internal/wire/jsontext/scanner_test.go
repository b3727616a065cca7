package jsontext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// check reads a whole text and returns what was wrong with it.
func check(text string) error {
	s := NewScanner([]byte(text))
	s.Skip()
	s.End()
	return s.Err()
}

func TestTextsAreCheckedStrictly(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		text string
		ok   bool
	}{
		{`{}`, true}, {`[]`, true}, {` {"a" : [1 , "b",null,true,false, {}]} `, true},
		{`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"`, true},
		{`0`, true}, {`-0`, true}, {`10`, true}, {`0.5`, true}, {`1e9`, true}, {`1E+9`, true}, {`-1.5e-9`, true},
		{deep(MaxDepth), true}, {deep(MaxDepth + 1), false},
		{``, false}, {` `, false}, {`{`, false}, {`[`, false}, {`{"a"`, false}, {`{"a":`, false}, {`{"a":1`, false},
		{`{"a":1,}`, false}, {`[1,]`, false}, {`[,1]`, false}, {`{,}`, false}, {`[1 2]`, false}, {`{a:1}`, false},
		{`{"a" 1}`, false}, {`{1:1}`, false}, {`[1}`, false}, {`{"a":1]`, false}, {`{} {}`, false}, {`nul`, false},
		{`nulL`, false}, {`truthy`, false}, {`fals`, false}, {`NaN`, false}, {`'a'`, false},
		{`01`, false}, {`-`, false}, {`+1`, false}, {`.5`, false}, {`1.`, false}, {`1e`, false}, {`1e+`, false}, {`-a`, false},
		{`"a`, false}, {`"\`, false}, {`"\x"`, false}, {`"\u12"`, false}, {`"\u12g4"`, false}, {`"` + "\n" + `"`, false},
		{`"\n` + "\n" + `"`, false}, {`"\n`, false},
		{`"\ud800"`, false}, {`"\udc00"`, false}, {`"\ud800\u0041"`, false}, {`"\ud800x"`, false}, {`"\udc00\ud800"`, false},
		{`"` + "\xff" + `"`, false}, {`"\n` + "\xc3" + `"`, false}, {`{"` + "\xed\xa0\x80" + `":1}`, false},
		{"\xef\xbb\xbf{}", false},
	}
	for _, test := range tests {
		if err := check(test.text); (err == nil) != test.ok {
			t.Errorf("%.40q: %v", test.text, err)
		}
	}
}

func TestErrorsTellWhere(t *testing.T) {
	err := check(`{"a":01}`)
	if err == nil || err.Error() != "malformed number at offset 5" {
		t.Errorf("got %v", err)
	}
}

func TestStringsOfEveryLength(t *testing.T) {
	for n := range 40 {
		for _, mid := range []string{"", `\n`, "é", `\u00e9`, "\x7f", " "} {
			raw := strings.Repeat("a", n) + mid + strings.Repeat("b", n)
			text := `"` + raw + `"`
			var want string
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			s := NewScanner([]byte(text))
			if got := string(s.String()); got != want || s.Err() != nil {
				t.Errorf("%q: got %q, %v", text, got, s.Err())
			}
			s.End()
			if s.Err() != nil {
				t.Errorf("%q: %v", text, s.Err())
			}
		}
	}
}

func TestUncheckedLooksOnlyForTheEnd(t *testing.T) {
	for text, want := range map[string]struct {
		value   string
		checked bool
	}{
		`"QUJD" `:       {"QUJD", false},
		`""`:            {"", false},
		`"a\/b"`:        {"a/b", true},
		`"a\"b"`:        {`a"b`, true},
		"\"a\x01\xff\"": {"a\x01\xff", false},
	} {
		s := NewScanner([]byte(text))
		value, checked := s.Unchecked()
		if string(value) != want.value || checked != want.checked || s.Err() != nil {
			t.Errorf("%q: %q, %v, %v", text, value, checked, s.Err())
		}
	}
	if !Plain("a é") || Plain("a\n") || Plain("a\xff") {
		t.Error("Plain does not tell")
	}
}

// FuzzScanner holds the scanner against encoding/json, which differs in that it
// replaces what is no Unicode and goes deeper.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,"b\u00e9\ud83d\ude00\n",null,true,false,{}]}`, `"\ud800"`, `"` + "\xff" + `"`, `[1,]`, `{"a":01}`,
		strings.Repeat("[", 65), `"QUJD\/w=="`, "\"\x01\"", `"aaaaaaaaaaaaaaaé"`, ` [ ] `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := check(string(text))
		valid := json.Valid(text)
		switch {
		case err == nil && (!valid || !utf8.Valid(text)):
			t.Fatalf("%q was taken", text)
		case err != nil && valid && utf8.Valid(text) && !bytes.Contains(text, []byte(`\u`)) && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= MaxDepth:
			t.Fatalf("%q was refused: %v", text, err)
		}
		var want string
		if err != nil || json.Unmarshal(text, &want) != nil {
			return
		}
		s := NewScanner(bytes.Clone(text))
		if s.Kind() == Null {
			return
		}
		if got := string(s.String()); got != want {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
		again := AppendString(nil, want)
		if json.Unmarshal(again, &want) != nil || want != string(readString(again)) {
			t.Fatalf("%q is written as %s", want, again)
		}
	})
}

// readString reads a text that is one string.
func readString(text []byte) []byte {
	s := NewScanner(bytes.Clone(text))
	return s.String()
}
