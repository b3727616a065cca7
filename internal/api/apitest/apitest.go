// Package apitest checks that structures keep the contract of internal/api. Tests
// of generated packages import it; nothing else does.
package apitest

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// CheckStruct walks a zero structure and everything that can be made below it,
// each schema once, and reports where a value is not in the form that its schema
// asks for (api.Kind, api.Struct, api.List, api.Map). It fills the structure.
func CheckStruct(t testing.TB, s api.Struct) {
	t.Helper()
	c := checker{t: t, seen: map[*api.Schema]bool{}}
	c.structure(s.Schema().Name, s)
}

type checker struct {
	t    testing.TB
	seen map[*api.Schema]bool
}

func (c *checker) structure(path string, s api.Struct) {
	c.t.Helper()
	schema := s.Schema()
	if schema == nil || schema.Kind != api.KindStruct {
		c.t.Errorf("%s: its schema is not that of a structure", path)
		return
	}
	if c.seen[schema] {
		return
	}
	c.seen[schema] = true
	for i := range schema.Members {
		m := &schema.Members[i]
		below := path + "." + m.Name
		if got := schema.Lookup([]byte(m.Wire), 0); schema.Members[got].Wire != m.Wire {
			c.t.Errorf("%s: Lookup finds %d", below, got)
		}
		if m.Schema.Kind != api.KindStruct {
			if s.Nested(i, true) != nil {
				c.t.Errorf("%s: Nested makes one", below)
			}
			c.value(below, m.Schema, s.Member(i), true)
			continue
		}
		if s.Member(i) != nil || s.Nested(i, false) != nil {
			c.t.Errorf("%s: it is there in a zero structure", below)
		}
		made := s.Nested(i, true)
		switch {
		case made == nil || made.Schema() != m.Schema:
			c.t.Errorf("%s: Nested does not make one of its schema", below)
		case s.Nested(i, false) != made:
			c.t.Errorf("%s: Nested does not keep what it made", below)
		default:
			c.structure(below, made)
		}
	}
	if n := len(schema.Members); s.Member(n) != nil || s.Nested(n, true) != nil {
		c.t.Errorf("%s: there is something beyond the last member", path)
	}
}

// value checks a value in the form of Struct.Member, or of List.At.
func (c *checker) value(path string, s *api.Schema, p any, member bool) {
	c.t.Helper()
	switch s.Kind {
	case api.KindStruct:
		if e, ok := p.(api.Struct); ok && e.Schema() == s {
			c.structure(path, e)
			return
		}
	case api.KindList:
		if l, ok := p.(api.List); ok {
			c.list(path, s, l)
			return
		}
	case api.KindMap:
		if m, ok := p.(api.Map); ok {
			c.dictionary(path, s, m)
			return
		}
	default:
		if want := scalar(s.Kind, member); fmt.Sprintf("%T", p) == want {
			return
		}
	}
	c.t.Errorf("%s: kind %d is reached through %T", path, s.Kind, p)
}

func scalar(k api.Kind, member bool) string {
	pointer := map[api.Kind][2]any{
		api.KindString:    {new(string), new(api.Opt[string])},
		api.KindBlob:      {new([]byte), new([]byte)},
		api.KindBool:      {new(bool), new(api.Opt[bool])},
		api.KindInt:       {new(int32), new(api.Opt[int32])},
		api.KindLong:      {new(int64), new(api.Opt[int64])},
		api.KindFloat:     {new(float32), new(api.Opt[float32])},
		api.KindDouble:    {new(float64), new(api.Opt[float64])},
		api.KindTimestamp: {new(time.Time), new(api.Opt[time.Time])},
		api.KindDocument:  {new(api.Document), new(api.Document)},
	}[k]
	if member {
		return fmt.Sprintf("%T", pointer[1])
	}
	return fmt.Sprintf("%T", pointer[0])
}

func (c *checker) list(path string, s *api.Schema, l api.List) {
	c.t.Helper()
	if !l.IsNil() {
		c.t.Errorf("%s: a zero list is present", path)
	}
	l.Make(0)
	if l.IsNil() || l.Len() != 0 {
		c.t.Errorf("%s: Make does not make an empty list", path)
	}
	p := l.Append()
	if l.Len() != 1 || l.At(0) != p {
		c.t.Errorf("%s: Append does not return what At does", path)
	}
	c.entry(path, s, p)
}

func (c *checker) dictionary(path string, s *api.Schema, m api.Map) {
	c.t.Helper()
	if !m.IsNil() {
		c.t.Errorf("%s: a zero map is present", path)
	}
	m.Make(0)
	if m.IsNil() || m.Len() != 0 {
		c.t.Errorf("%s: Make does not make an empty map", path)
	}
	for _, k := range []string{"b", "a"} {
		if err := m.Put(k, func(p any) error { c.entry(path, s, p); return nil }); err != nil {
			c.t.Errorf("%s: Put: %v", path, err)
		}
	}
	var keys string
	if err := m.Range(func(k string, _ any) error { keys += k; return nil }); err != nil || keys != "ab" {
		c.t.Errorf("%s: Range gives %q, %v", path, keys, err)
	}
}

func (c *checker) entry(path string, s *api.Schema, p any) {
	c.t.Helper()
	if s.Sparse {
		o, ok := p.(api.Optional)
		if !ok || o.IsSet() {
			c.t.Errorf("%s: a sparse entry is reached through %T", path, p)
			return
		}
		p = o.Put()
	}
	c.value(path+"[]", s.Elem.Schema, p, false)
}
