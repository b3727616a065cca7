package awsjson

import (
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/jsontext"
	"github.com/millrace/millrace/internal/wire/mismatch"
)

// Options say how a structure stands in its message.
type Options struct {
	// Alias: the strings and blobs of what is decoded alias the body.
	Alias bool
	// BodyOnly: members that an HTTP binding puts elsewhere (Location is not
	// InBody) are no part of the document.
	BodyOnly bool
}

// DecodeStruct decodes a document into s, which is zero, and destroys the
// document. It returns nil, a *wire.SyntaxError or a *wire.TypeError; an empty
// document is a SyntaxError.
func DecodeStruct(doc []byte, s api.Struct, opts Options) error {
	d := decoder{scan: jsontext.NewScanner(doc), opts: opts}
	if d.scan.Kind() != jsontext.Object {
		d.scan.Fail("body that is not an object")
	} else {
		d.structure(s)
	}
	return finish(&d.scan, d.typeErr)
}

// DecodeValue decodes a document that is no structure: value is what List.At
// returns for a value of m, or *api.Document. Errors are those of DecodeStruct.
func DecodeValue(doc []byte, m *api.Member, value any, opts Options) error {
	d := decoder{scan: jsontext.NewScanner(doc), opts: opts}
	if !d.scan.Null() {
		d.element(m, value)
	}
	return finish(&d.scan, d.typeErr)
}

func finish(scan *jsontext.Scanner, typeErr *wire.TypeError) error {
	scan.End()
	if err := scan.Err(); err != nil {
		return &wire.SyntaxError{Detail: err.Error()}
	}
	if typeErr != nil {
		return typeErr
	}
	return nil
}

// decoder is the state of decoding one document. The first type error is kept
// and the rest is still read; the scanner keeps the first syntax error.
type decoder struct {
	scan    jsontext.Scanner
	opts    Options
	typeErr *wire.TypeError
}

// structure decodes the object that comes next.
func (d *decoder) structure(s api.Struct) {
	schema, next := s.Schema(), 0
	d.scan.Enter()
	for first := true; d.scan.More('}', first); first = false {
		i := schema.Lookup(d.scan.Key(), next)
		if i < 0 || d.opts.BodyOnly && schema.Members[i].Location != api.InBody {
			d.scan.Skip()
			continue
		}
		next = i + 1
		d.member(s, i, &schema.Members[i])
	}
}

func (d *decoder) member(s api.Struct, i int, m *api.Member) {
	if m.Schema.Kind != api.KindStruct {
		p := s.Member(i)
		if d.scan.Null() {
			wire.Clear(p)
			return
		}
		d.value(m.Schema, p)
		return
	}
	switch {
	case d.scan.Null():
	case d.scan.Kind() != jsontext.Object:
		d.mismatch(api.KindStruct)
	default:
		d.structure(s.Nested(i, true))
	}
}

// element decodes an element of a list or a value of a map.
func (d *decoder) element(m *api.Member, p any) {
	if m.Schema.Kind != api.KindStruct {
		d.value(m.Schema, p)
		return
	}
	if d.scan.Kind() != jsontext.Object {
		d.mismatch(api.KindStruct)
		return
	}
	d.structure(p.(api.Struct))
}

func (d *decoder) list(schema *api.Schema, l api.List) {
	if d.scan.Kind() != jsontext.Array {
		d.mismatch(api.KindList)
		return
	}
	l.Make(0)
	room := wire.MaxEntries(schema)
	d.scan.Enter()
	for first := true; d.scan.More(']', first); first = false {
		if l.Len() == room {
			d.scan.Skip()
			continue
		}
		p := l.Append()
		if !d.scan.Null() { // a null element stays zero, so that no element changes its place
			d.element(schema.Elem, p)
		}
	}
}

func (d *decoder) mapping(schema *api.Schema, m api.Map) {
	if d.scan.Kind() != jsontext.Object {
		d.mismatch(api.KindMap)
		return
	}
	m.Make(0)
	room := wire.MaxEntries(schema)
	fill := func(p any) error {
		switch text, ok := p.(*string); {
		case d.scan.Null():
		case ok && schema.Loose && d.scan.Kind() == jsontext.Number:
			*text = d.text(d.scan.Number())
		default:
			d.element(schema.Elem, p)
		}
		return nil
	}
	d.scan.Enter()
	for first := true; d.scan.More('}', first); first = false {
		key := d.text(d.scan.Key())
		if !schema.Sparse && d.scan.Null() {
			continue
		}
		if m.Len() == room {
			d.scan.Skip()
			continue
		}
		_ = m.Put(key, fill) // fails where fill does: never
	}
}

// text returns bytes of the document as a string.
func (d *decoder) text(b []byte) string {
	if d.opts.Alias {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	return string(b)
}

// mismatch reports that the value that comes next is not of kind want, and
// skips it.
func (d *decoder) mismatch(want api.Kind) {
	var found mismatch.Found
	switch d.scan.Kind() {
	case jsontext.String:
		found = mismatch.String
	case jsontext.Number:
		found = mismatch.Number
	case jsontext.True, jsontext.False:
		found = mismatch.Bool
	case jsontext.Array:
		found = mismatch.List
	case jsontext.Object:
		found = mismatch.Map
	case jsontext.Null, jsontext.Invalid: // a syntax error, which Skip finds
	}
	d.scan.Skip()
	if found != 0 {
		d.report(mismatch.New(want, found))
	}
}

func (d *decoder) report(err *wire.TypeError) {
	if d.typeErr == nil {
		d.typeErr = err
	}
}
