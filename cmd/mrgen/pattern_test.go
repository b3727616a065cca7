package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestTranslate(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`[a-zA-Z0-9_.-]+`, `[a-zA-Z0-9_.-]+`},
		{`[\u0020-\uD7FF\uD800\uDC00-\uDBFF\uDFFF\r]*`, `[\x{20}-\x{D7FF}\x{10000}-\x{10FFFF}\r]*`},
		{`\u002F`, `\x{2F}`},
		{`\p{Print}+[\p{Graph}\x20]`, `[[:print:]]+[[:graph:]\x20]`},
		{`\p{L}`, `\p{L}`},
		{`a*+b?+c++d{2}+`, `a*b?c+d{2}`},
		{`[*+]+`, `[*+]+`},
		{`[]+]`, `[]+]`},
		{`\s[\s]`, `[\s\x0B][\s\x0B]`},
		{`\S+[\s\S]`, `[\x00-\x08\x0E-\x1F\x21-\x{10FFFF}]+[\s\x0B\x00-\x08\x0E-\x1F\x21-\x{10FFFF}]`},
		{`\++`, `\++`},
	} {
		if got, err := translate(test.source); err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.source, got, err, test.want)
		}
	}
	for _, source := range []string{`(?!a)b`, `a(?<!b)`, `[a[b]]`, `[a&&b]`, `[a`, `a\`, `\u12`} {
		if got, err := translate(source); err == nil {
			t.Errorf("%s: got %s, want an error", source, got)
		}
	}
}

// TestTranslateModels says how many of the models' patterns RE2 can express, and
// fails when that becomes fewer.
func TestTranslateModels(t *testing.T) {
	paths, err := filepath.Glob("../../models/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all, plain, translated := 0, 0, 0
	for _, path := range paths {
		if filepath.Base(path) == "sqs-query-2023.json" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseModel(data)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, name := range m.Shapes.Keys {
			source := m.Shapes.M[name].Pattern
			if source == "" {
				continue
			}
			all++
			if _, err := regexp.Compile(source); err == nil {
				plain++
			}
			if _, err := translate(source); err == nil {
				translated++
			} else {
				t.Logf("%s %s needs a matcher: %v", filepath.Base(path), name, err)
			}
		}
	}
	t.Logf("%d patterns: %d are RE2, %d are so once translated", all, plain, translated)
	if all != 690 || translated < 673 {
		t.Errorf("%d of %d patterns are translated", translated, all)
	}
}

// FuzzTranslate: nothing panics, and whatever is translated compiles.
func FuzzTranslate(f *testing.F) {
	for _, s := range []string{`[a-z]+`, `\u0041{2}+`, `[\uD83D\uDE00]`, `\p{Print}`, `[\s\S]*`, `(?!a)`, `[]`, `\`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		expr, err := translate(source)
		if err != nil {
			return
		}
		if _, err := regexp.Compile(expr); err != nil {
			t.Errorf("%q becomes %q: %v", source, expr, err)
		}
	})
}
