package query

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/scalar"
	"github.com/millrace/millrace/internal/wire/xmltext"
)

// What a request may be made of, so that a small one costs little: far above what
// any operation of AWS takes.
const (
	maxParams = 20_000
	maxDepth  = 64 // parts of a name
)

// param is one parameter, unescaped.
type param struct{ name, value []byte }

// Decode implements [wire.Codec].
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	params, err := parse(nil, []byte(r.Query))
	if err == nil && r.Method == http.MethodPost {
		params, err = parse(params, r.Body)
	}
	if err != nil {
		return &wire.SyntaxError{Detail: err.Error()}
	}
	if in == nil {
		return nil
	}
	slices.SortStableFunc(params, func(a, b param) int { return compareNames(a.name, b.name) })
	d := decoder{options: scalar.Options{Timestamp: api.TimestampISO8601, Alias: op.Alias}}
	d.structure(in, params, 0)
	if d.typeErr != nil {
		return d.typeErr
	}
	return nil
}

// parse appends the parameters of a form, which it unescapes in place.
func parse(params []param, form []byte) ([]param, error) {
	for len(form) > 0 {
		var pair []byte
		pair, form, _ = bytes.Cut(form, []byte{'&'})
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		name, ok := unescape(name)
		value, ok2 := unescape(value)
		switch {
		case !ok || !ok2:
			return nil, errors.New("an escape that is none")
		case len(params) == maxParams:
			return nil, errors.New("too many parameters")
		case bytes.Count(name, []byte{'.'}) >= maxDepth:
			return nil, errors.New("a name of too many parts")
		}
		params = append(params, param{name, value})
	}
	return params, nil
}

// unescape undoes the escapes of a form in place.
func unescape(s []byte) ([]byte, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return nil, false
			}
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if hi > 15 || lo > 15 {
				return nil, false
			}
			c = hi<<4 | lo
			i += 2
		}
		s[n] = c
		n++
	}
	return s[:n], true
}

// hex returns the value of a hexadecimal digit, more than 15 for what is none.
func hex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// compareNames orders names so that those with the same first parts stand
// together: a dot goes before any other byte.
func compareNames(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] == '.' {
				return -1
			}
			if b[i] == '.' {
				return 1
			}
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}

// decoder keeps the first type error; the rest is still read.
type decoder struct {
	options scalar.Options
	typeErr *wire.TypeError
}

func (d *decoder) fail(message string) {
	if d.typeErr == nil {
		d.typeErr = &wire.TypeError{Message: message}
	}
}

// next cuts off the parameters that share the part of the name at offset at.
func next(params []param, at int) (part []byte, group, rest []param) {
	part = partAt(params[0].name, at)
	n := 1
	for n < len(params) && bytes.Equal(partAt(params[n].name, at), part) {
		n++
	}
	return part, params[:n], params[n:]
}

func partAt(name []byte, at int) []byte {
	if at >= len(name) {
		return nil
	}
	part, _, _ := bytes.Cut(name[at:], []byte{'.'})
	return part
}

func (d *decoder) structure(s api.Struct, params []param, at int) {
	schema := s.Schema()
	for guess := 0; len(params) > 0; {
		var part []byte
		var group []param
		part, group, params = next(params, at)
		i := xmltext.Lookup(schema, part, guess)
		if i < 0 {
			continue
		}
		guess = i + 1
		m := &schema.Members[i]
		if m.Schema.Kind == api.KindStruct {
			d.structure(s.Nested(i, true), group, at+len(part)+1)
		} else {
			d.value(m, s.Member(i), group, at+len(part)+1, xmltext.Flat(m))
		}
	}
}

// value decodes what the parameters say from offset at on.
func (d *decoder) value(m *api.Member, p any, params []param, at int, flat bool) {
	switch p := p.(type) {
	case api.Struct:
		d.structure(p, params, at)
	case api.List:
		if p.IsNil() {
			p.Make(0)
		}
		params, at = unwrap(params, at, m.Schema.Elem.XMLName(), flat)
		d.list(m.Schema, p, params, at)
	case api.Map:
		if p.IsNil() {
			p.Make(0)
		}
		params, at = unwrap(params, at, xmltext.MapEntry, flat)
		d.mapping(m.Schema, p, params, at)
	default:
		for i := len(params) - 1; i >= 0; i-- {
			if len(params[i].name) < at {
				d.scalar(m, p, params[i].value)
				return
			}
		}
		d.fail("Unexpected complex element termination")
	}
}

func (d *decoder) scalar(m *api.Member, p any, text []byte) {
	err := scalar.Parse(m, p, text, d.options)
	if typeErr, ok := errors.AsType[*wire.TypeError](err); ok {
		d.fail(typeErr.Message)
	}
}

// unwrap steps over the part between a collection's name and the index.
func unwrap(params []param, at int, wrapper string, flat bool) ([]param, int) {
	if flat {
		return params, at
	}
	for len(params) > 0 {
		var part []byte
		var group []param
		part, group, params = next(params, at)
		if string(part) == wrapper {
			return group, at + len(part) + 1
		}
	}
	return nil, at
}

// entry is what parameters say of one index.
type entry struct {
	index  int
	params []param
	at     int
}

// entries groups parameters by the index at offset at, in ascending order.
func (d *decoder) entries(params []param, at int) []entry {
	var out []entry
	for len(params) > 0 {
		var part []byte
		var group []param
		part, group, params = next(params, at)
		if len(part) == 0 {
			continue // the collection's bare name, which says that it is empty
		}
		index, err := strconv.Atoi(string(part))
		if err != nil || index < 0 {
			d.fail(strconv.Quote(string(part[:min(len(part), 100)])) + " is not a valid index")
			continue
		}
		out = append(out, entry{index, group, at + len(part) + 1})
	}
	slices.SortStableFunc(out, func(a, b entry) int { return a.index - b.index })
	return out
}

// mapEntries is entries for a map. A map of one entry may lack the index, as old
// clients of SQS send it (reference sqs §1).
func (d *decoder) mapEntries(schema *api.Schema, params []param, at int) []entry {
	for rest := params; len(rest) > 0; {
		var part []byte
		part, _, rest = next(rest, at)
		if string(part) == schema.Key.XMLName() {
			return []entry{{params: params, at: at}}
		}
	}
	return d.entries(params, at)
}

func (d *decoder) list(schema *api.Schema, l api.List, params []param, at int) {
	room := wire.MaxEntries(schema)
	for _, e := range d.entries(params, at) {
		if l.Len() == room {
			return
		}
		d.value(schema.Elem, l.Append(), e.params, e.at, schema.Elem.Schema.Flattened)
	}
}

func (d *decoder) mapping(schema *api.Schema, m api.Map, params []param, at int) {
	room := wire.MaxEntries(schema)
	for _, e := range d.mapEntries(schema, params, at) {
		if m.Len() == room {
			return
		}
		var key string
		var value []param
		valueAt, found := 0, false
		for rest := e.params; len(rest) > 0; {
			var part []byte
			var group []param
			part, group, rest = next(rest, e.at)
			switch string(part) {
			case schema.Key.XMLName():
				key, found = string(group[len(group)-1].value), true
			case schema.Elem.XMLName():
				value, valueAt = group, e.at+len(part)+1
			}
		}
		if !found {
			d.fail("A map entry has no key")
			continue
		}
		_ = m.Put(key, func(p any) error { // the callback returns no error
			if len(value) > 0 {
				d.value(schema.Elem, p, value, valueAt, schema.Elem.Schema.Flattened)
			}
			return nil
		})
	}
}
