package httpbind

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/mismatch"
	"github.com/millrace/millrace/internal/wire/scalar"
)

// How scalars stand in the places: the defaults of Smithy's HTTP bindings.
var (
	inPath   = scalar.Options{Timestamp: api.TimestampISO8601} // and in the query
	inHeader = scalar.Options{Timestamp: api.TimestampHTTPDate}
)

// maxParams bounds the query parameters that are kept, far above what any
// operation of AWS takes.
const maxParams = 20_000

// Payload returns the index of the member that is the whole body; -1 where there
// is none.
func Payload(s *api.Schema) int {
	for i := range s.Members {
		if s.Members[i].Location == api.InPayload {
			return i
		}
	}
	return -1
}

// HasDocument reports whether any member stands in the body's document.
func HasDocument(s *api.Schema) bool {
	for i := range s.Members {
		if s.Members[i].Location == api.InBody {
			return true
		}
	}
	return false
}

// decodeBindings sets the members of in that stand in the path, the query and the
// headers. Every one is read; the error is the first *wire.TypeError, or a
// *wire.SyntaxError where the query has an escape that is none.
func decodeBindings(r *wire.Request, in api.Struct) error {
	d := decoder{in: in}
	var params []param
	for i := range in.Schema().Members {
		m := &in.Schema().Members[i]
		switch m.Location {
		case api.InURI:
			if text, ok := r.Labels[m.Wire]; ok {
				d.scalar(m, in.Member(i), text, inPath)
			}
		case api.InHeader:
			if values := r.Header[textproto.CanonicalMIMEHeaderKey(m.Wire)]; len(values) > 0 {
				d.header(m, in.Member(i), strings.Join(values, ","))
			}
		case api.InHeaders:
			d.headers(m, in.Member(i), r.Header)
		case api.InQuery:
			if params == nil {
				var err error
				if params, err = parseQuery(r.Query); err != nil {
					return err
				}
			}
			d.query(m, in.Member(i), params)
		case api.InBody, api.InStatusCode, api.InPayload: // the codec's, or an output's
		}
	}
	if d.typeErr != nil {
		return d.typeErr
	}
	return nil
}

// decoder keeps the first type error; the rest is still read.
type decoder struct {
	in      api.Struct
	typeErr *wire.TypeError
}

func (d *decoder) fail(err error) {
	if typeErr, ok := errors.AsType[*wire.TypeError](err); ok && d.typeErr == nil {
		d.typeErr = typeErr
	}
}

func (d *decoder) scalar(m *api.Member, slot any, text string, o scalar.Options) {
	d.fail(scalar.Parse(m, slot, []byte(text), o))
}

// header sets a member from its header: a list from its parts, a JSON value from
// base64. An empty header of a type that has no empty value is none.
func (d *decoder) header(m *api.Member, slot any, text string) {
	switch slot := slot.(type) {
	case api.List:
		slot.Make(0)
		elem := m.Schema.Elem
		room := wire.MaxEntries(m.Schema)
		for part := range parts(text, elem) {
			if slot.Len() == room {
				return
			}
			d.scalar(elem, slot.Append(), part, inHeader)
		}
	case *api.Opt[string]:
		if m.JSONValue {
			doc, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				d.fail(mismatch.Base64(text))
				return
			}
			text = string(doc)
		}
		*slot = api.Some(text)
	default:
		if text != "" {
			d.scalar(m, slot, text, inHeader)
		}
	}
}

// headers sets a map from the headers that begin with the member's prefix. Keys
// are in lower case, since HTTP does not keep theirs.
func (d *decoder) headers(m *api.Member, slot any, header http.Header) {
	entries, ok := slot.(api.Map)
	if !ok {
		return
	}
	prefix := strings.ToLower(m.Wire)
	for name, values := range header {
		key, ok := strings.CutPrefix(strings.ToLower(name), prefix)
		if !ok || key == "" {
			continue
		}
		_ = entries.Put(key, func(value any) error { // the callback returns no error
			d.scalar(m.Schema.Elem, value, strings.Join(values, ","), inHeader)
			return nil
		})
	}
}

// param is one query parameter, unescaped.
type param struct{ name, value string }

// parseQuery splits a query. The result is not nil.
func parseQuery(query string) ([]param, error) {
	params := []param{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		switch {
		case err != nil || err2 != nil:
			return nil, &wire.SyntaxError{Detail: "an escape that is none in the query"}
		case len(params) == maxParams:
			return nil, &wire.SyntaxError{Detail: "too many query parameters"}
		}
		params = append(params, param{name, value})
	}
	return params, nil
}

// query sets a member from its parameter: a list from all of that name, a map
// from all that no other member names, a scalar from the last.
func (d *decoder) query(m *api.Member, slot any, params []param) {
	switch slot := slot.(type) {
	case api.Map:
		d.queryMap(m, slot, params)
		return
	case api.List:
		room := wire.MaxEntries(m.Schema)
		for _, p := range params {
			if p.name == m.Wire && slot.Len() < room {
				d.scalar(m.Schema.Elem, slot.Append(), p.value, inPath)
			}
		}
		return
	}
	for i := len(params) - 1; i >= 0; i-- {
		if params[i].name == m.Wire {
			d.scalar(m, slot, params[i].value, inPath)
			return
		}
	}
}

func (d *decoder) queryMap(m *api.Member, entries api.Map, params []param) {
	elem := m.Schema.Elem
	groups := map[string][]string{}
	for _, p := range params {
		if !d.named(p.name) {
			groups[p.name] = append(groups[p.name], p.value)
		}
	}
	room := wire.MaxEntries(m.Schema)
	for name, values := range groups {
		if entries.Len() == room {
			return
		}
		_ = entries.Put(name, func(value any) error { // the callback returns no error
			list, ok := value.(api.List)
			if !ok {
				d.scalar(elem, value, values[len(values)-1], inPath)
				return nil
			}
			for _, v := range values {
				d.scalar(elem.Schema.Elem, list.Append(), v, inPath)
			}
			return nil
		})
	}
}

// named reports whether a member of its own takes the query parameter.
func (d *decoder) named(name string) bool {
	for i := range d.in.Schema().Members {
		m := &d.in.Schema().Members[i]
		if m.Location == api.InQuery && m.Wire == name && m.Schema.Kind != api.KindMap {
			return true
		}
	}
	return false
}

// decodeRaw sets a payload that is a blob or a string to the whole body, and
// reports whether it is one of these. An empty body is an absent payload. A blob
// aliases the body where alias is set.
func decodeRaw(slot any, body []byte, alias bool) bool {
	switch slot := slot.(type) {
	case *[]byte:
		if len(body) > 0 {
			*slot = body
			if !alias {
				*slot = append([]byte(nil), body...)
			}
		}
	case *api.Opt[string]:
		if len(body) > 0 {
			*slot = api.Some(string(body))
		}
	default:
		return false
	}
	return true
}
