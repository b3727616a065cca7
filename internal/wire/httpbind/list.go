package httpbind

import (
	"iter"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// parts yields the elements of a list in a header: separated by commas, white
// space around them cut off, those that need it in quotes. An HTTP date has a
// comma of its own.
func parts(text string, elem *api.Member) iter.Seq[string] {
	dates := elem.Schema.Kind == api.KindTimestamp &&
		(elem.Timestamp == api.TimestampDefault || elem.Timestamp == api.TimestampHTTPDate)
	return func(yield func(string) bool) {
		rest := trim(text)
		for more := rest != ""; more; {
			var part string
			part, rest, more = cutPart(rest, dates)
			if !yield(part) {
				return
			}
		}
	}
}

// cutPart cuts off the first element; more reports whether a comma follows it.
func cutPart(text string, date bool) (part, rest string, more bool) {
	text = strings.TrimLeft(text, " \t")
	if strings.HasPrefix(text, `"`) {
		if part, rest, ok := cutQuoted(text[1:]); ok {
			_, rest, more = strings.Cut(rest, ",")
			return part, rest, more
		}
	}
	end := strings.IndexByte(text, ',')
	if date && end >= 0 {
		if second := strings.IndexByte(text[end+1:], ','); second >= 0 {
			end += 1 + second
		} else {
			end = -1
		}
	}
	if end < 0 {
		return trim(text), "", false
	}
	return trim(text[:end]), text[end+1:], true
}

// cutQuoted reads up to the closing quote; a backslash takes the next character
// as it is. ok is false where the quote is never closed.
func cutQuoted(text string) (part, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// appendPart appends an element of a list, in quotes where it has what separates
// elements.
func appendPart(dst []byte, text []byte, quote bool) []byte {
	if len(dst) > 0 {
		dst = append(dst, ", "...)
	}
	if !quote || !strings.ContainsAny(string(text), `,"`) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// trim removes the white space that HTTP allows around a value, and no other
// (RFC 9110 §5.6.3).
func trim(s string) string { return strings.Trim(s, " \t") }
