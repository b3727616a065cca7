// Package xmltext writes API structures as XML elements and reads them, for the
// protocols that speak XML. It owns the names, namespaces and escapes of elements,
// and what a document may not have; what stands around a result is its callers'
// business. It keeps no state.
package xmltext

import (
	"unicode/utf8"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/scalar"
)

// ListElement and MapEntry are the names of elements that models leave unnamed.
const (
	ListElement = "member"
	MapEntry    = "entry"
)

// Flat reports whether the entries of a list or map stand without a wrapper.
func Flat(m *api.Member) bool { return m.Flattened || m.Schema.Flattened }

// FlatName returns the name of each entry of a list or map without a wrapper: the
// member's; but where it is the list's shape that is flat and names its elements,
// that name, as SQS has it.
func FlatName(m *api.Member) string {
	if m.Schema.Kind == api.KindList && m.Schema.Flattened && m.Schema.Elem.XMLName() != ListElement {
		return m.Schema.Elem.XMLName()
	}
	return m.XMLName()
}

// Lookup finds a member by its name on the wire or in XML, which for a flattened
// list may be that of its elements; -1: there is none. next is a guess, as in
// api.Schema.Lookup.
func Lookup(schema *api.Schema, name []byte, next int) int {
	if i := schema.Lookup(name, next); i >= 0 {
		return i
	}
	for i := range schema.Members {
		m := &schema.Members[i]
		if m.XML == string(name) || m.Schema.Kind == api.KindList && Flat(m) && FlatName(m) == string(name) {
			return i
		}
	}
	return -1
}

// AppendRoot appends a structure as the root element of a document.
func AppendRoot(dst []byte, name string, ns api.Namespace, s api.Struct) []byte {
	dst = AppendNamespace(append(append(dst, '<'), name...), ns)
	dst = append(appendAttributes(dst, s), '>')
	return AppendEnd(AppendMembers(dst, s, -1), name)
}

// AppendError appends what stands in an error's element: the code that the
// protocols of XML have for it, the message where there is one, and what else its
// model has in the body.
func AppendError(dst []byte, e *api.Error) []byte {
	code := e.Shape.QueryCode
	if code == "" {
		code = e.Shape.Code
	}
	dst = AppendText(dst, "Code", code)
	if e.Message != "" {
		dst = AppendText(dst, "Message", e.Message)
	}
	if e.Fields == nil {
		return dst
	}
	skip := -1
	if e.Message != "" {
		skip = wire.MemberIndex(e.Fields, wire.MessageMember(e.Shape))
	}
	return AppendMembers(dst, e.Fields, skip)
}

// AppendErrorResponse appends an error in its envelope. svc is nil where it is not
// known.
func AppendErrorResponse(dst []byte, svc *api.Service, e *api.Error, requestID string) []byte {
	dst = append(dst, "<ErrorResponse"...)
	if svc != nil {
		dst = AppendNamespace(dst, api.Namespace{URI: svc.XMLNamespace})
	}
	whose := "Sender"
	if e.Shape.Fault {
		whose = "Receiver"
	}
	dst = AppendError(AppendText(append(dst, "><Error>"...), "Type", whose), e)
	if svc != nil && svc.QueryErrors {
		dst = append(dst, "<Detail/>"...) // SQS's form, which others lack (reference sqs §1)
	}
	dst = AppendText(append(dst, "</Error>"...), "RequestId", requestID)
	return append(dst, "</ErrorResponse>"...)
}

// AppendMembers appends those members of s that stand in the body, each as an
// element, leaving out the one at index skip (-1: none).
func AppendMembers(dst []byte, s api.Struct, skip int) []byte {
	members := s.Schema().Members
	for i := range members {
		m := &members[i]
		if i == skip || m.Location != api.InBody || m.Attribute {
			continue
		}
		if m.Schema.Kind == api.KindStruct {
			if n := s.Nested(i, false); n != nil {
				dst = appendElement(dst, m, m.XMLName(), n)
			}
		} else if p := s.Member(i); wire.Present(p) {
			dst = appendMember(dst, m, p)
		}
	}
	return dst
}

// appendMember appends a present member: one element, or as many as a flattened
// list or map has entries.
func appendMember(dst []byte, m *api.Member, p any) []byte {
	if !Flat(m) {
		return appendElement(dst, m, m.XMLName(), p)
	}
	switch p := p.(type) {
	case api.List:
		return appendList(dst, m, FlatName(m), p)
	case api.Map:
		return appendMap(dst, m, FlatName(m), m.Namespace, p)
	}
	return appendElement(dst, m, m.XMLName(), p)
}

// appendElement appends a value in the form of List.At or Struct.Member.
func appendElement(dst []byte, m *api.Member, name string, v any) []byte {
	dst = append(append(dst, '<'), name...)
	dst = AppendNamespace(dst, m.Namespace)
	if s, ok := v.(api.Struct); ok {
		dst = appendAttributes(dst, s)
	}
	dst = append(dst, '>')
	switch v := v.(type) {
	case api.Struct:
		dst = AppendMembers(dst, v, -1)
	case api.List:
		dst = appendList(dst, m, m.Schema.Elem.XMLName(), v)
	case api.Map:
		dst = appendMap(dst, m, MapEntry, api.Namespace{}, v)
	default:
		dst = appendScalar(dst, m, v)
	}
	return AppendEnd(dst, name)
}

func appendList(dst []byte, m *api.Member, name string, l api.List) []byte {
	for i := range l.Len() {
		dst = appendElement(dst, m.Schema.Elem, name, l.At(i))
	}
	return dst
}

func appendMap(dst []byte, m *api.Member, name string, ns api.Namespace, entries api.Map) []byte {
	key, value := m.Schema.Key, m.Schema.Elem
	_ = entries.Range(func(k string, v any) error { // the callback returns no error
		dst = AppendNamespace(append(append(dst, '<'), name...), ns)
		dst = appendElement(append(dst, '>'), key, key.XMLName(), &k)
		dst = appendElement(dst, value, value.XMLName(), v)
		dst = AppendEnd(dst, name)
		return nil
	})
	return dst
}

func appendAttributes(dst []byte, s api.Struct) []byte {
	members := s.Schema().Members
	for i := range members {
		m := &members[i]
		if !m.Attribute || m.Schema.Kind == api.KindStruct || !wire.Present(s.Member(i)) {
			continue
		}
		dst = append(append(append(dst, ' '), m.Wire...), `="`...)
		dst = append(appendScalar(dst, m, s.Member(i)), '"')
	}
	return dst
}

func appendScalar(dst []byte, m *api.Member, v any) []byte {
	switch v := v.(type) {
	case *string:
		return AppendEscaped(dst, *v)
	case *api.Opt[string]:
		return AppendEscaped(dst, v.V)
	}
	dst, _ = scalar.Append(dst, m, v, scalar.Options{Timestamp: api.TimestampISO8601})
	return dst
}

// AppendNamespace appends the attribute that declares a namespace; nothing where
// there is none.
func AppendNamespace(dst []byte, ns api.Namespace) []byte {
	if ns.URI == "" {
		return dst
	}
	dst = append(dst, " xmlns"...)
	if ns.Prefix != "" {
		dst = append(append(dst, ':'), ns.Prefix...)
	}
	return append(AppendEscaped(append(dst, `="`...), ns.URI), '"')
}

// AppendText appends an element that holds a text.
func AppendText(dst []byte, name, text string) []byte {
	dst = append(append(append(dst, '<'), name...), '>')
	return AppendEnd(AppendEscaped(dst, text), name)
}

// AppendEnd appends an end tag.
func AppendEnd(dst []byte, name string) []byte {
	return append(append(append(dst, "</"...), name...), '>')
}

// AppendEscaped appends a text with what XML gives a meaning escaped, line ends
// and tabs too, which parsers would change. What XML 1.0 cannot hold becomes
// U+FFFD.
func AppendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if esc := escape(r, n); esc != "" {
			dst = append(append(dst, s[start:i]...), esc...)
			start = i + n
		}
		i += n
	}
	return append(dst, s[start:]...)
}

// escape returns what stands for a rune of n bytes; empty: itself.
func escape(r rune, n int) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	case '\r':
		return "&#xD;"
	case utf8.RuneError:
		if n == 3 {
			return "" // it was written so
		}
		return "\uFFFD"
	}
	if r < ' ' || r == 0xFFFE || r == 0xFFFF {
		return "\uFFFD"
	}
	return ""
}
