package wiretest

import (
	"maps"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// dynStruct is a structure of any schema.
type dynStruct struct {
	schema  *api.Schema
	members []any
}

// NewStruct returns a zero structure of the schema.
func NewStruct(schema *api.Schema) api.Struct {
	s := &dynStruct{schema: schema, members: make([]any, len(schema.Members))}
	for i := range schema.Members {
		if m := &schema.Members[i]; m.Schema.Kind != api.KindStruct {
			s.members[i] = newSlot(m.Schema, true)
		}
	}
	return s
}

func (s *dynStruct) Schema() *api.Schema { return s.schema }

func (s *dynStruct) Member(i int) any { return s.members[i] }

func (s *dynStruct) Nested(i int, create bool) api.Struct {
	if s.members[i] == nil {
		if !create {
			return nil
		}
		s.members[i] = NewStruct(s.schema.Members[i].Schema)
	}
	return s.members[i].(api.Struct)
}

// newSlot returns a pointer to a zero value as Struct.Member (optional) or
// List.At (not optional) gives it.
func newSlot(schema *api.Schema, optional bool) any {
	switch schema.Kind {
	case api.KindStruct:
		return NewStruct(schema)
	case api.KindList:
		return &dynList{schema: schema}
	case api.KindMap:
		return &dynMap{schema: schema}
	case api.KindBlob:
		return new([]byte)
	case api.KindDocument:
		return new(api.Document)
	case api.KindBool:
		return scalarSlot[bool](optional)
	case api.KindInt:
		return scalarSlot[int32](optional)
	case api.KindLong:
		return scalarSlot[int64](optional)
	case api.KindFloat:
		return scalarSlot[float32](optional)
	case api.KindDouble:
		return scalarSlot[float64](optional)
	case api.KindTimestamp:
		return scalarSlot[time.Time](optional)
	}
	return scalarSlot[string](optional)
}

func scalarSlot[T any](optional bool) any {
	if optional {
		return new(api.Opt[T])
	}
	return new(T)
}

type dynList struct {
	schema *api.Schema
	items  []any
	set    bool
}

func (l *dynList) Len() int     { return len(l.items) }
func (l *dynList) IsNil() bool  { return !l.set }
func (l *dynList) At(i int) any { return l.items[i] }
func (l *dynList) Make(int)     { l.set = true }

func (l *dynList) Append() any {
	l.set = true
	l.items = append(l.items, newSlot(l.schema.Elem.Schema, l.schema.Sparse))
	return l.items[len(l.items)-1]
}

type dynMap struct {
	schema *api.Schema
	items  map[string]any
}

func (m *dynMap) Len() int    { return len(m.items) }
func (m *dynMap) IsNil() bool { return m.items == nil }

func (m *dynMap) Make(int) {
	if m.items == nil {
		m.items = map[string]any{}
	}
}

func (m *dynMap) Range(f func(string, any) error) error {
	for _, k := range slices.Sorted(maps.Keys(m.items)) {
		if err := f(k, m.items[k]); err != nil {
			return err
		}
	}
	return nil
}

func (m *dynMap) Put(key string, fill func(any) error) error {
	m.Make(1)
	slot := newSlot(m.schema.Elem.Schema, m.schema.Sparse)
	if err := fill(slot); err != nil {
		return err
	}
	m.items[key] = slot
	return nil
}
