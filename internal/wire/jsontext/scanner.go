// Package jsontext reads and writes JSON at the level of tokens, without
// reflection and without memory of its own.
//
// [Scanner] takes a whole text apart; the Append functions write compact JSON.
// The grammar is RFC 8259 and strict: no comments, no trailing commas, no
// unescaped control characters, UTF-8 only, and escapes that are no Unicode
// scalar value (a lone surrogate) are errors.
//
// A Scanner belongs to one goroutine and undoes escapes in place, so it destroys
// the text it reads. The Append functions are safe for concurrent use.
package jsontext

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be nested. No AWS model comes
// near it; it bounds the stack that a hostile body can take.
const MaxDepth = 64

// Kind is the kind of a value, told by its first byte.
type Kind byte

// The kinds of values.
const (
	Invalid Kind = 0 // no value begins here, or the text has ended
	Null    Kind = 'n'
	True    Kind = 't'
	False   Kind = 'f'
	Number  Kind = '0'
	String  Kind = '"'
	Object  Kind = '{'
	Array   Kind = '['
)

// Scanner reads one JSON text. Its first error sticks: from then on there are
// no more values, members and elements, so that loops end by themselves, and
// [Scanner.Err] tells what was wrong.
type Scanner struct {
	buf   []byte
	pos   int
	depth int
	what  string // the first error, where there was one
	at    int    // and its offset
}

// NewScanner returns a scanner of text, which it will destroy.
func NewScanner(text []byte) Scanner { return Scanner{buf: text} }

// Err returns the first error, with its offset, or nil.
func (s *Scanner) Err() error {
	if s.what == "" {
		return nil
	}
	return errors.New(s.what + " at offset " + strconv.Itoa(s.at))
}

// Fail makes what the scanner's error unless it has one already.
func (s *Scanner) Fail(what string) {
	if s.what == "" {
		s.what, s.at = what, s.pos
	}
	s.pos = len(s.buf)
}

// End fails unless nothing but white space is left.
func (s *Scanner) End() {
	s.space()
	if s.pos < len(s.buf) {
		s.Fail("text after the value")
	}
}

// Kind returns the kind of the value that comes next.
func (s *Scanner) Kind() Kind {
	s.space()
	if s.pos == len(s.buf) {
		return Invalid
	}
	switch c := s.buf[s.pos]; c {
	case '"', '{', '[', 'n', 't', 'f':
		return Kind(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return Invalid
}

// Enter consumes the bracket that opens an object or array; Kind has told that
// it is one.
func (s *Scanner) Enter() {
	s.pos++
	s.depth++
	if s.depth > MaxDepth {
		s.Fail("nested too deep")
	}
}

// More reports whether a member of an object (then Key follows) or an element of
// an array (then a value follows) comes next, and consumes what stands before it.
// Otherwise it consumes end, which is '}' or ']'.
func (s *Scanner) More(end byte, first bool) bool {
	s.space()
	if s.pos == len(s.buf) {
		s.Fail("text ends inside an object or array")
		return false
	}
	switch c := s.buf[s.pos]; {
	case c == end:
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.pos++
		return true
	}
	s.Fail("no comma between members or elements")
	return false
}

// Key consumes a member's name and the colon.
func (s *Scanner) Key() []byte {
	if s.Kind() != String {
		s.Fail("no name where a member begins")
		return nil
	}
	name := s.String()
	s.space()
	if s.pos == len(s.buf) || s.buf[s.pos] != ':' {
		s.Fail("no colon after a member's name")
		return nil
	}
	s.pos++
	return name
}

// Literal consumes null, true or false, as Kind has told.
func (s *Scanner) Literal() {
	word := "null"
	switch s.buf[s.pos] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	}
	if len(s.buf)-s.pos < len(word) || string(s.buf[s.pos:s.pos+len(word)]) != word {
		s.Fail("unknown literal")
		return
	}
	s.pos += len(word)
}

// Null consumes null where that is the next value.
func (s *Scanner) Null() bool {
	if s.Kind() != Null {
		return false
	}
	s.Literal()
	return true
}

// Number consumes a number and returns its text.
func (s *Scanner) Number() []byte {
	b, i := s.buf, s.pos
	if b[i] == '-' {
		i++
	}
	whole := digits(b, i)
	ok := whole > i && (b[i] != '0' || whole == i+1)
	i = whole
	if i < len(b) && b[i] == '.' {
		end := digits(b, i+1)
		ok = ok && end > i+1
		i = end
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := digits(b, i)
		ok = ok && end > i
		i = end
	}
	if !ok {
		s.Fail("malformed number")
		return nil
	}
	text := b[s.pos:i]
	s.pos = i
	return text
}

// digits returns the index of the first byte from i on that is no digit.
func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

// String consumes a string, as Kind has told, and returns its value, which
// aliases the text.
func (s *Scanner) String() []byte {
	b, start := s.buf, s.pos+1
	ascii := true
	for i := start; ; {
		i = plain(b, i)
		if i == len(b) {
			s.Fail("text ends inside a string")
			return nil
		}
		switch c := b[i]; {
		case c == '"':
			return s.endString(start, i, i, ascii)
		case c == '\\':
			return s.unescape(start, i)
		case c < 0x20:
			s.Fail("control character in a string")
			return nil
		}
		ascii = false
		for i < len(b) && b[i] >= utf8.RuneSelf {
			i++
		}
	}
}

// endString returns the value that ends at end once it is known to be UTF-8;
// quote is where the closing quote stands.
func (s *Scanner) endString(start, end, quote int, ascii bool) []byte {
	value := s.buf[start:end:end]
	if !ascii && !utf8.Valid(value) {
		s.Fail("string that is not UTF-8")
		return nil
	}
	s.pos = quote + 1
	return value
}

// unescape reads on from the first escape, at i, of the string that begins at
// start, and moves what it reads down to where the escapes leave room: no escape
// is shorter than what it stands for.
func (s *Scanner) unescape(start, i int) []byte {
	b, w := s.buf, i
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return s.endString(start, w, i, false)
		case c == '\\':
			r, n := escape(b[i:])
			if n == 0 {
				s.Fail("malformed escape in a string")
				return nil
			}
			w = len(utf8.AppendRune(b[:w], r))
			i += n
		case c < 0x20:
			s.Fail("control character in a string")
			return nil
		default:
			end := plain(b, i)
			for end < len(b) && b[end] >= utf8.RuneSelf {
				end++
			}
			w += copy(b[w:], b[i:end])
			i = end
		}
	}
	s.Fail("text ends inside a string")
	return nil
}

// Unchecked consumes a string, as Kind has told, whose bytes the caller checks
// where checked is false: then it had no escape, may hold control characters and
// may not be UTF-8. That spares a pass over blobs, since a base64 decoder checks
// each byte anyway.
func (s *Scanner) Unchecked() (value []byte, checked bool) {
	rest := s.buf[s.pos+1:]
	n := bytes.IndexByte(rest, '"')
	if n < 0 || bytes.IndexByte(rest[:n], '\\') >= 0 {
		return s.String(), true
	}
	s.pos += n + 2
	return rest[:n:n], false
}

// Plain reports whether value may stand in a string as it is, quotes and
// backslashes apart.
func Plain(value string) bool {
	for i := range len(value) {
		if value[i] < 0x20 {
			return false
		}
	}
	return utf8.ValidString(value)
}

// Skip consumes a value of any kind.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case Object:
		s.Enter()
		for first := true; s.More('}', first); first = false {
			s.Key()
			s.Skip()
		}
	case Array:
		s.Enter()
		for first := true; s.More(']', first); first = false {
			s.Skip()
		}
	case String:
		s.String()
	case Number:
		s.Number()
	case Null, True, False:
		s.Literal()
	case Invalid:
		s.Fail("no value where one must stand")
	}
}

func (s *Scanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}
