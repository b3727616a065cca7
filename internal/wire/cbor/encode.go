package cbor

import (
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// AppendStruct appends a structure as a map, in the model's order of members and
// without those that are absent. The map is of indefinite length, as AWS's are
// (reference kinesis-streams §2.5), so that one pass does.
func (p Profile) AppendStruct(dst []byte, s api.Struct) []byte {
	dst = append(dst, majorMap|indefinite)
	dst = p.appendMembers(dst, s, -1)
	return append(dst, byteBreak)
}

// AppendError appends an error's map: its type, its message where it has one,
// and what else its model has.
func (p Profile) AppendError(dst []byte, e *api.Error) []byte {
	dst = append(dst, majorMap|indefinite)
	dst = AppendText(AppendText(dst, "__type"), e.Shape.Code)
	name, except := wire.MessageMember(e.Shape), -1
	if e.Message != "" {
		dst = AppendText(AppendText(dst, name), e.Message)
		except = wire.MemberIndex(e.Fields, name)
	}
	if e.Fields != nil {
		dst = p.appendMembers(dst, e.Fields, except)
	}
	return append(dst, byteBreak)
}

// appendMembers appends the members but for the one with index except.
func (p Profile) appendMembers(dst []byte, s api.Struct, except int) []byte {
	members := s.Schema().Members
	for i := range members {
		m := &members[i]
		switch {
		case i == except:
		case m.Schema.Kind == api.KindStruct:
			if nested := s.Nested(i, false); nested != nil {
				dst = p.AppendStruct(AppendText(dst, m.Wire), nested)
			}
		default:
			if v := s.Member(i); wire.Present(v) {
				dst = p.appendValue(AppendText(dst, m.Wire), m.Schema, v)
			}
		}
	}
	return dst
}

func (p Profile) appendValue(dst []byte, schema *api.Schema, v any) []byte {
	switch v := v.(type) {
	case *api.Opt[string]:
		return AppendText(dst, v.V)
	case *[]byte:
		return AppendBytes(dst, *v)
	case *api.Opt[int32]:
		return AppendInt(dst, int64(v.V))
	case *api.Opt[int64]:
		return AppendInt(dst, v.V)
	case *api.Opt[bool]:
		return AppendBool(dst, v.V)
	case *api.Opt[time.Time]:
		return p.appendTime(dst, v.V)
	case *api.Opt[float64]:
		return AppendFloat64(dst, v.V)
	case *api.Opt[float32]:
		return AppendFloat32(dst, v.V)
	case *string:
		return AppendText(dst, *v)
	case *int32:
		return AppendInt(dst, int64(*v))
	case *int64:
		return AppendInt(dst, *v)
	case *bool:
		return AppendBool(dst, *v)
	case *time.Time:
		return p.appendTime(dst, *v)
	case *float64:
		return AppendFloat64(dst, *v)
	case *float32:
		return AppendFloat32(dst, *v)
	case *api.Opt[[]byte]:
		return AppendBytes(dst, v.V)
	case api.List:
		return p.appendList(dst, schema, v)
	case api.Map:
		return p.appendMap(dst, schema, v)
	}
	return append(dst, byteNull) // a Document, which neither protocol has
}

func (p Profile) appendList(dst []byte, schema *api.Schema, l api.List) []byte {
	dst = appendHead(dst, majorArray, uint64(l.Len()))
	for i := range l.Len() {
		dst = p.appendElement(dst, schema, l.At(i))
	}
	return dst
}

func (p Profile) appendMap(dst []byte, schema *api.Schema, m api.Map) []byte {
	dst = appendHead(dst, majorMap, uint64(m.Len()))
	_ = m.Range(func(key string, value any) error { // fails where its function does: never
		dst = p.appendElement(AppendText(dst, key), schema, value)
		return nil
	})
	return dst
}

func (p Profile) appendElement(dst []byte, schema *api.Schema, v any) []byte {
	if schema.Elem.Schema.Kind == api.KindStruct {
		return p.AppendStruct(dst, v.(api.Struct))
	}
	if schema.Sparse && !wire.Present(v) {
		return append(dst, byteNull)
	}
	return p.appendValue(dst, schema.Elem.Schema, v)
}
