package lines

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func read(t *testing.T, text string, max int) (lines []string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, max)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		line, err := r.Next()
		if err != nil {
			if part, ok := r.Progress(); errors.Is(err, io.EOF) && text != "" && (!ok || part != 1) {
				t.Errorf("at the end, progress is %v, %v", part, ok)
			}
			return lines, err
		}
		lines = append(lines, string(line))
		if int(r.Number()) != len(lines) {
			t.Errorf("number %d after %d lines", r.Number(), len(lines))
		}
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 600<<10) // more than the buffer
	for text, want := range map[string][]string{
		"": nil, "\n": {""}, "a": {"a"}, "a\n": {"a"}, "a\nb": {"a", "b"}, "a\r\n\nb\n": {"a\r", "", "b"},
		long + "\nb\n" + long: {long, "b", long},
	} {
		if got, err := read(t, text, 1<<20); !slices.Equal(got, want) || !errors.Is(err, io.EOF) {
			t.Errorf("%.20q: %d lines, %v", text, len(got), err)
		}
	}
}

func TestReaderRefusesLongLines(t *testing.T) {
	for _, n := range []int{11, 300 << 10, 1 << 20} {
		got, err := read(t, "a\n"+strings.Repeat("x", n)+"\nb\n", 10)
		if len(got) != 1 || err == nil || !strings.Contains(err.Error(), "line 2 is longer than 10 bytes") {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
	if got, err := read(t, strings.Repeat("x", 10)+"\n", 10); len(got) != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("10 of 10: %q, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := Open(path, 10); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestField(t *testing.T) {
	for _, c := range []struct {
		line       string
		n          int
		separators string
		want       string
	}{
		{"10.0.0.1 - GET", 1, "", "10.0.0.1"}, {"10.0.0.1 - GET", 3, "", "GET"}, {"a,b\tc", 2, "", "b"},
		{"  a  b ", 2, "", "b"}, {"a b", 3, "", ""}, {"", 1, "", ""}, {" ", 1, "", ""}, {"a\r", 1, "", "a"},
		{"a b;c d;e", 2, ";", "c d"}, {"a;;c", 2, ";", "c"},
	} {
		if got := Field([]byte(c.line), c.n, c.separators); string(got) != c.want {
			t.Errorf("%q, field %d: %q, wanted %q", c.line, c.n, got, c.want)
		}
	}
}

func TestKey(t *testing.T) {
	for in, want := range map[string]string{
		"": "-", "a": "a", "é": "é", "a\xffb": "a?b",
		strings.Repeat("é", 256): strings.Repeat("é", 256), strings.Repeat("é", 257): strings.Repeat("é", 256),
	} {
		if got := Key([]byte(in)); got != want {
			t.Errorf("%.10q: %.10q", in, got)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add([]byte("10.0.0.1 - -"), 1)
	f.Add([]byte("\xff,\xfe"), 2)
	f.Fuzz(func(t *testing.T, line []byte, n int) {
		key := Key(Field(line, n%10, ""))
		if !utf8.ValidString(key) || key == "" || utf8.RuneCountInString(key) > MaxKey {
			t.Errorf("%q", key)
		}
	})
}
