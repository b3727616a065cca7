package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// pattern returns the Go expression of a shape's pattern.
func (g *gen) pattern(shape, source string) (string, error) {
	if m := g.o.Shapes[shape].Matcher; m != "" {
		return fmt.Sprintf("api.Matcher(%q, match.%s)", source, m), nil
	}
	expr, err := translate(source)
	if err != nil {
		return "", fmt.Errorf("pattern %q asks for a matcher in the overlay: %w", source, err)
	}
	return fmt.Sprintf("api.RE2(%q, %q)", source, expr), nil
}

// posix are the classes of Java's \p{...} that RE2 does not have under that
// name; in Java they are ASCII only.
var posix = map[string]string{
	"Alnum": "[:alnum:]", "Alpha": "[:alpha:]", "ASCII": "[:ascii:]", "Blank": "[:blank:]", "Cntrl": "[:cntrl:]",
	"Digit": "[:digit:]", "Graph": "[:graph:]", "Lower": "[:lower:]", "Print": "[:print:]", "Punct": "[:punct:]",
	"Space": "[:space:]", "Upper": "[:upper:]", "XDigit": "[:xdigit:]",
}

// translate returns in RE2's syntax what a pattern of a model, which is in
// Java's, means. What RE2 cannot express (lookaround, classes in classes) is an
// error. A possessive quantifier becomes a greedy one: the language is the same
// wherever what follows cannot begin with what was repeated, as in all models.
func translate(source string) (string, error) {
	t := translator{in: source}
	for t.in != "" {
		if err := t.next(); err != nil {
			return "", err
		}
	}
	if t.inClass {
		return "", fmt.Errorf("a class is not closed")
	}
	if _, err := regexp.Compile(t.out.String()); err != nil {
		return "", err
	}
	return t.out.String(), nil
}

type translator struct {
	in       string
	out      strings.Builder
	inClass  bool
	first    bool // the next character is a class's first
	repeated bool // what was written last is a quantifier
}

// next translates one character, escape or quantifier.
func (t *translator) next() error {
	first, repeated := t.first, t.repeated
	t.first, t.repeated = false, false
	c := t.in[0]
	if c == '\\' {
		return t.escape()
	}
	switch {
	case t.inClass && c == '[':
		return fmt.Errorf("a class in a class")
	case t.inClass && strings.HasPrefix(t.in, "&&"):
		return fmt.Errorf("an intersection of classes")
	case t.inClass && c == '^' && first:
		t.first = true
	case t.inClass && c == ']' && !first:
		t.inClass = false
	case t.inClass:
	case c == '[':
		t.inClass, t.first = true, true
	case c == '+' && repeated:
		t.in = t.in[1:]
		return nil
	case strings.IndexByte("*+?}", c) >= 0:
		t.repeated = true
	}
	t.out.WriteByte(c)
	t.in = t.in[1:]
	return nil
}

// escape translates what a backslash begins.
func (t *translator) escape() error {
	if len(t.in) < 2 {
		return fmt.Errorf("a backslash ends it")
	}
	switch t.in[1] {
	case 'u':
		return t.unicode()
	case 'p':
		if end := strings.IndexByte(t.in, '}'); end > 3 && posix[t.in[3:end]] != "" {
			t.class(posix[t.in[3:end]])
			t.in = t.in[end+1:]
			return nil
		}
	case 's': // Java's white space has the vertical tab, RE2's has not
		t.class(`\s\x0B`)
		t.in = t.in[2:]
		return nil
	case 'S':
		t.class(`\x00-\x08\x0E-\x1F\x21-\x{10FFFF}`)
		t.in = t.in[2:]
		return nil
	}
	t.out.WriteString(t.in[:2])
	t.in = t.in[2:]
	return nil
}

// class writes the content of a class, with its brackets where none are open.
func (t *translator) class(content string) {
	if !t.inClass {
		content = "[" + content + "]"
	}
	t.out.WriteString(content)
}

// unicode translates \uXXXX; two that are a surrogate pair are one character.
func (t *translator) unicode() error {
	r, err := hexEscape(t.in)
	if err != nil {
		return err
	}
	t.in = t.in[6:]
	if utf16.IsSurrogate(r) {
		if low, err := hexEscape(t.in); err == nil && utf16.DecodeRune(r, low) != utf8.RuneError {
			r = utf16.DecodeRune(r, low)
			t.in = t.in[6:]
		}
	}
	fmt.Fprintf(&t.out, `\x{%X}`, r)
	return nil
}

func hexEscape(s string) (rune, error) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, fmt.Errorf(`no \uXXXX`)
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err
}
