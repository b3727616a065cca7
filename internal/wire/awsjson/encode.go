package awsjson

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/jsontext"
)

// AppendStruct appends a structure as an object: compact, in the model's order
// of members, without those that are absent. Options.Alias has no meaning here.
func AppendStruct(dst []byte, s api.Struct, opts Options) []byte {
	dst = append(dst, '{')
	dst = appendMembers(dst, s, opts, -1)
	return append(dst, '}')
}

// appendMembers appends the members but for the one with index except. A comma
// comes first unless an object has just been opened.
func appendMembers(dst []byte, s api.Struct, opts Options, except int) []byte {
	members := s.Schema().Members
	for i := range members {
		m := &members[i]
		if i == except || opts.BodyOnly && m.Location != api.InBody {
			continue
		}
		if m.Schema.Kind == api.KindStruct {
			if nested := s.Nested(i, false); nested != nil {
				dst = AppendStruct(appendName(dst, m.Wire), nested, Options{})
			}
			continue
		}
		if p := s.Member(i); wire.Present(p) {
			dst = appendValue(appendName(dst, m.Wire), m, p)
		}
	}
	return dst
}

// appendName appends a member's name, which needs no escapes in any model.
func appendName(dst []byte, name string) []byte {
	dst = appendComma(dst)
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// appendComma appends a comma unless an object or array has just been opened:
// no value ends in an opening bracket.
func appendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}

// AppendValue appends a value of m that is present: what Struct.Member, List.At
// or Map.Range give, or a structure.
func AppendValue(dst []byte, m *api.Member, value any) []byte {
	if s, ok := value.(api.Struct); ok {
		return AppendStruct(dst, s, Options{})
	}
	return appendValue(dst, m, value)
}

func appendValue(dst []byte, m *api.Member, p any) []byte {
	switch p := p.(type) {
	case *api.Opt[string]:
		return jsontext.AppendString(dst, p.V)
	case *[]byte:
		return jsontext.AppendBase64(dst, *p)
	case *api.Opt[int32]:
		return strconv.AppendInt(dst, int64(p.V), 10)
	case *api.Opt[int64]:
		return strconv.AppendInt(dst, p.V, 10)
	case *api.Opt[bool]:
		return strconv.AppendBool(dst, p.V)
	case *api.Opt[time.Time]:
		return appendTime(dst, p.V, m.Timestamp)
	case *api.Opt[float64]:
		return jsontext.AppendFloat(dst, p.V, 64)
	case *api.Opt[float32]:
		return jsontext.AppendFloat(dst, float64(p.V), 32)
	case *string:
		return jsontext.AppendString(dst, *p)
	case *int32:
		return strconv.AppendInt(dst, int64(*p), 10)
	case *int64:
		return strconv.AppendInt(dst, *p, 10)
	case *bool:
		return strconv.AppendBool(dst, *p)
	case *time.Time:
		return appendTime(dst, *p, m.Timestamp)
	case *float64:
		return jsontext.AppendFloat(dst, *p, 64)
	case *float32:
		return jsontext.AppendFloat(dst, float64(*p), 32)
	case *api.Opt[[]byte]:
		return jsontext.AppendBase64(dst, p.V)
	case *api.Document:
		return AppendDocument(dst, p.V)
	case api.List:
		return appendList(dst, m.Schema, p)
	case api.Map:
		return appendMap(dst, m.Schema, p)
	}
	panic("awsjson: a member of a type that no kind has")
}

func appendList(dst []byte, schema *api.Schema, l api.List) []byte {
	dst = append(dst, '[')
	for i := range l.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendElement(dst, schema, l.At(i))
	}
	return append(dst, ']')
}

func appendMap(dst []byte, schema *api.Schema, m api.Map) []byte {
	dst = append(dst, '{')
	first := true
	_ = m.Range(func(key string, value any) error { // fails where its function does: never
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(jsontext.AppendString(dst, key), ':')
		dst = appendElement(dst, schema, value)
		return nil
	})
	return append(dst, '}')
}

func appendElement(dst []byte, schema *api.Schema, value any) []byte {
	if schema.Elem.Schema.Kind == api.KindStruct {
		return AppendStruct(dst, value.(api.Struct), Options{})
	}
	if schema.Sparse && !wire.Present(value) {
		return append(dst, "null"...)
	}
	return appendValue(dst, schema.Elem, value)
}

func appendTime(dst []byte, t time.Time, format api.TimestampFormat) []byte {
	switch format {
	case api.TimestampISO8601:
		dst = wire.AppendISO8601(append(dst, '"'), t)
	case api.TimestampHTTPDate:
		dst = wire.AppendHTTPDate(append(dst, '"'), t)
	default:
		return jsontext.AppendSeconds(dst, t)
	}
	return append(dst, '"')
}

// AppendDocument appends a value without a schema, as api.Document holds it;
// names in ascending order.
func AppendDocument(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case float64:
		return jsontext.AppendFloat(dst, v, 64)
	case json.Number:
		return append(dst, v...)
	case string:
		return jsontext.AppendString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendDocument(dst, e)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendString(dst, k), ':')
			dst = AppendDocument(dst, v[k])
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// AppendError appends an error's document: its type, its message where it has
// one, and what else its model has.
func AppendError(dst []byte, name string, e *api.Error) []byte {
	dst = jsontext.AppendString(append(dst, `{"__type":`...), name)
	return append(appendErrorMembers(dst, e, Options{}), '}')
}

// AppendErrorMembers appends an error's document as REST-JSON has it: without the
// type, and without what stands in headers.
func AppendErrorMembers(dst []byte, e *api.Error) []byte {
	return append(appendErrorMembers(append(dst, '{'), e, Options{BodyOnly: true}), '}')
}

func appendErrorMembers(dst []byte, e *api.Error, opts Options) []byte {
	name, except := wire.MessageMember(e.Shape), -1
	if e.Message != "" {
		dst = jsontext.AppendString(appendName(dst, name), e.Message)
		except = wire.MemberIndex(e.Fields, name)
	}
	if e.Fields != nil {
		dst = appendMembers(dst, e.Fields, opts, except)
	}
	return dst
}
