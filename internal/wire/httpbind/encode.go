package httpbind

import (
	"encoding/base64"
	"net/textproto"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/scalar"
)

// Encode sets the headers and the status of those members of out that are bound
// to them. A bound header goes before what the response has already.
func Encode(out api.Struct, w *wire.Response) {
	for i := range out.Schema().Members {
		m := &out.Schema().Members[i]
		switch m.Location {
		case api.InHeader:
			if text, ok := headerText(m, out.Member(i)); ok {
				setHeader(w, m.Wire, text)
			}
		case api.InHeaders:
			if entries, ok := out.Member(i).(api.Map); ok {
				_ = entries.Range(func(key string, value any) error { // the callback returns no error
					if text, ok := headerText(m.Schema.Elem, value); ok {
						setHeader(w, m.Wire+key, text)
					}
					return nil
				})
			}
		case api.InStatusCode:
			if status, ok := out.Member(i).(*api.Opt[int32]); ok && status.Set {
				w.Status = int(status.V)
			}
		case api.InBody, api.InURI, api.InQuery, api.InPayload: // the codec's, or an input's
		}
	}
}

// setHeader sets a header. Line ends would start a header of the caller's own
// making, so they become spaces.
func setHeader(w *wire.Response, name, text string) {
	text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
	w.Header[textproto.CanonicalMIMEHeaderKey(name)] = []string{text}
}

// headerText returns a member as a header has it; false where it is absent or an
// empty list.
func headerText(m *api.Member, slot any) (string, bool) {
	switch s := slot.(type) {
	case api.List:
		elem := m.Schema.Elem
		var dst, text []byte
		for i := range s.Len() {
			text, _ = scalar.Append(text[:0], elem, s.At(i), inHeader)
			dst = appendPart(dst, text, elem.Schema.Kind == api.KindString)
		}
		return string(dst), s.Len() > 0
	case *api.Opt[string]:
		if m.JSONValue {
			return base64.StdEncoding.EncodeToString([]byte(s.V)), s.Set
		}
		return s.V, s.Set
	}
	text, ok := scalar.Append(nil, m, slot, inHeader)
	return string(text), ok
}

// AppendRaw appends a payload that is a blob or a string. It returns the media
// type of what is there: empty where the payload is absent; ok is false where it
// is of another kind.
func AppendRaw(dst []byte, slot any) (body []byte, mediaType string, ok bool) {
	switch slot := slot.(type) {
	case *[]byte:
		if *slot != nil {
			mediaType = "application/octet-stream"
		}
		return append(dst, *slot...), mediaType, true
	case *api.Opt[string]:
		if slot.Set {
			mediaType = "text/plain"
		}
		return append(dst, slot.V...), mediaType, true
	}
	return dst, "", false
}
