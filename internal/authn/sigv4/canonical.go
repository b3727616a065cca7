package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical appends the canonical request, of which the signature covers
// the hash. ok is false where a header that is said to be signed is not there.
func appendCanonical(b []byte, r *Request, s *Signature, payloadHash string) (_ []byte, ok bool) {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.Path, s.Scope.Service)
	b = append(b, '\n')
	b = appendQuery(b, r.Query, s.Presigned)
	b = append(b, '\n')
	for rest := s.SignedHeaders; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, ";")
		b = append(b, name...)
		b = append(b, ':')
		if b, ok = appendHeader(b, r, name); !ok {
			return b, false
		}
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, s.SignedHeaders...)
	b = append(b, '\n')
	return append(b, payloadHash...), true
}

// appendHeader appends the value of one signed header; several values stand
// between commas.
func appendHeader(b []byte, r *Request, name string) ([]byte, bool) {
	// Over HTTP/2 the JavaScript SDK signs the pseudo-header that replaces Host.
	if name == "host" || name == ":authority" {
		return appendTrimmed(b, r.Host), true
	}
	values := lookup(r.Header, name)
	if len(values) == 0 {
		if name == "content-length" && r.ContentLength >= 0 {
			return strconv.AppendInt(b, r.ContentLength, 10), true
		}
		return b, false
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTrimmed(b, v)
	}
	return b, true
}

// appendTrimmed appends a header's value without space around it and with one
// space where several stood.
func appendTrimmed(b []byte, v string) []byte {
	v = strings.Trim(v, " \t")
	for {
		i := strings.Index(v, "  ")
		if i < 0 {
			return append(b, v...)
		}
		b = append(b, v[:i+1]...)
		v = strings.TrimLeft(v[i:], " ")
	}
}

// lookup finds a header by its name in lower case, without making the canonical
// name a string.
func lookup(h http.Header, name string) []string {
	var buf [64]byte
	if len(name) > len(buf) {
		return h[http.CanonicalHeaderKey(name)]
	}
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		buf[i] = c
		upper = c == '-'
	}
	return h[string(buf[:len(name)])]
}

// appendPath appends the canonical path. For S3 it is the path as it was sent,
// escaped once; all others resolve dots and empty segments, and escape what was
// sent, which is escaped already.
func appendPath(b []byte, path, service string) []byte {
	switch {
	case path == "" || path == "/":
		return append(b, '/')
	case service == "s3":
		return append(b, path...)
	}
	if strings.Contains(path, "//") || strings.Contains(path, "/.") {
		path = cleanPath(path)
	}
	return appendEscaped(b, path, true)
}

// cleanPath removes dot segments and empty segments, but keeps a slash at the end.
func cleanPath(path string) string {
	var kept []string
	segments := strings.Split(path, "/")
	for _, s := range segments {
		switch s {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, s)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if last := segments[len(segments)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}

type parameter struct{ name, value string }

// appendQuery appends the canonical query: each parameter escaped anew, in the
// order of the escaped names, then values, without the signature itself.
func appendQuery(b []byte, query string, presigned bool) []byte {
	if query == "" {
		return b
	}
	params := make([]parameter, 0, strings.Count(query, "&")+1)
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name = string(appendEscaped(nil, unescape(name), false))
		if presigned && name == "X-Amz-Signature" {
			continue
		}
		params = append(params, parameter{name, string(appendEscaped(nil, unescape(value), false))})
	}
	slices.SortFunc(params, func(x, y parameter) int {
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		return strings.Compare(x.value, y.value)
	})
	for i, p := range params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// unescape undoes percent escapes and the plus for a space. What is no escape
// stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
		case c == '+':
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// appendEscaped escapes all but the unreserved characters of RFC 3986, and the
// slash where keepSlash is set.
func appendEscaped(b []byte, s string, keepSlash bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '~' || c == '/' && keepSlash {
			b = append(b, c)
			continue
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return b
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
