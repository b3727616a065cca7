package xmltext

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/mismatch"
	"github.com/millrace/millrace/internal/wire/scalar"
)

// maxDepth bounds how deep elements may nest, as deep as any shape of AWS by far.
const maxDepth = 100

var (
	errDirective = errors.New("a document type, or another directive")
	errDepth     = errors.New("elements nested too deep")
	errRoot      = errors.New("no root element, or more than one")
)

// Decode decodes the document's root element into s, whatever its name: those
// members that stand in the body. Names are matched without their namespace,
// unknown elements and attributes are skipped. Document types are refused, and so
// are entities other than XML's own five. It returns nil, a *wire.SyntaxError or
// a *wire.TypeError; after the latter the rest was still read.
func Decode(doc []byte, s api.Struct) error {
	d := decoder{xml: xml.NewDecoder(bytes.NewReader(doc))}
	if err := d.document(s); err != nil {
		return &wire.SyntaxError{Detail: err.Error()}
	}
	if d.typeErr != nil {
		return d.typeErr
	}
	return nil
}

// decoder keeps the first type error; the rest is still read.
type decoder struct {
	xml     *xml.Decoder
	depth   int
	typeErr *wire.TypeError
}

func (d *decoder) fail(err *wire.TypeError) {
	if d.typeErr == nil {
		d.typeErr = err
	}
}

func (d *decoder) document(s api.Struct) error {
	for {
		token, err := d.token()
		if err != nil {
			return noRoot(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := d.structure(s, start); err != nil {
				return err
			}
			break
		}
	}
	for {
		token, err := d.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return errRoot
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return errRoot
			}
		}
	}
}

func noRoot(err error) error {
	if errors.Is(err, io.EOF) {
		return errRoot
	}
	return err
}

// token returns the next token, and keeps the rules on depth and directives.
func (d *decoder) token() (xml.Token, error) {
	token, err := d.xml.Token()
	if err != nil {
		return nil, err
	}
	switch token.(type) {
	case xml.Directive:
		return nil, errDirective
	case xml.StartElement:
		if d.depth++; d.depth > maxDepth {
			return nil, errDepth
		}
	case xml.EndElement:
		d.depth--
	}
	return token, nil
}

// children calls f for each child element up to the end of the one that is open.
// f reads its element to the end.
func (d *decoder) children(f func(child xml.StartElement) error) error {
	for {
		token, err := d.token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := f(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// skip reads the open element to its end.
func (d *decoder) skip() error {
	for end := d.depth; d.depth >= end; {
		if _, err := d.token(); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) structure(s api.Struct, start xml.StartElement) error {
	schema, next := s.Schema(), 0
	d.attributes(s, start.Attr)
	return d.children(func(child xml.StartElement) error {
		i := Lookup(schema, []byte(child.Name.Local), next)
		if i < 0 || schema.Members[i].Location != api.InBody || schema.Members[i].Attribute {
			return d.skip()
		}
		next = i // a flattened list stands at its member for a while
		m := &schema.Members[i]
		if m.Schema.Kind == api.KindStruct {
			return d.structure(s.Nested(i, true), child)
		}
		return d.value(m, s.Member(i), child, Flat(m))
	})
}

// attributes sets the members that are attributes. The prefix of a name in a
// model, as in xsi:type, is a matter of the document.
func (d *decoder) attributes(s api.Struct, attrs []xml.Attr) {
	members := s.Schema().Members
	for i := range members {
		m := &members[i]
		if !m.Attribute || m.Schema.Kind == api.KindStruct {
			continue
		}
		name := m.Wire
		if _, local, prefixed := strings.Cut(name, ":"); prefixed {
			name = local
		}
		for _, a := range attrs {
			if a.Name.Local == name && a.Name.Space != "xmlns" {
				d.scalar(m, s.Member(i), []byte(a.Value))
			}
		}
	}
}

// value decodes the element start into p, which is what Struct.Member, List.At
// or Map.Put give. flat: the element is one entry of a list or map.
func (d *decoder) value(m *api.Member, p any, start xml.StartElement, flat bool) error {
	switch p := p.(type) {
	case api.Struct:
		return d.structure(p, start)
	case api.List:
		if p.IsNil() {
			p.Make(0)
		}
		if flat {
			return d.element(m.Schema, p, start)
		}
		return d.children(func(child xml.StartElement) error {
			if child.Name.Local != m.Schema.Elem.XMLName() {
				return d.skip()
			}
			return d.element(m.Schema, p, child)
		})
	case api.Map:
		if p.IsNil() {
			p.Make(0)
		}
		if flat {
			return d.entry(m.Schema, p)
		}
		return d.children(func(child xml.StartElement) error {
			if child.Name.Local != MapEntry {
				return d.skip()
			}
			return d.entry(m.Schema, p)
		})
	}
	text, err := d.text(m)
	if err == nil {
		d.scalar(m, p, text)
	}
	return err
}

func (d *decoder) element(schema *api.Schema, l api.List, start xml.StartElement) error {
	if l.Len() >= wire.MaxEntries(schema) {
		return d.skip()
	}
	return d.value(schema.Elem, l.Append(), start, false)
}

// entry decodes an entry of a map, whose key stands before its value.
func (d *decoder) entry(schema *api.Schema, m api.Map) error {
	if m.Len() >= wire.MaxEntries(schema) {
		return d.skip()
	}
	var key string
	var keyed, valued bool
	err := d.children(func(child xml.StartElement) error {
		switch {
		case child.Name.Local == schema.Key.XMLName():
			text, err := d.text(schema.Key)
			key, keyed = string(text), true
			return err
		case child.Name.Local == schema.Elem.XMLName() && keyed:
			valued = true
			return m.Put(key, func(p any) error { return d.value(schema.Elem, p, child, false) })
		}
		return d.skip()
	})
	if err == nil && !valued {
		d.fail(&wire.TypeError{Message: "A map entry has no key with a value after it"})
	}
	return err
}

// text returns the text of the open element and reads it to its end.
func (d *decoder) text(m *api.Member) ([]byte, error) {
	var text []byte
	for {
		token, err := d.token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.CharData:
			text = append(text, token...)
		case xml.EndElement:
			return text, nil
		case xml.StartElement:
			d.fail(mismatch.New(m.Schema.Kind, mismatch.Map))
			if err := d.skip(); err != nil {
				return nil, err
			}
		}
	}
}

// scalar sets p from a text; white space counts in strings only.
func (d *decoder) scalar(m *api.Member, p any, text []byte) {
	if m.Schema.Kind != api.KindString {
		text = bytes.TrimSpace(text)
	}
	err := scalar.Parse(m, p, text, scalar.Options{Timestamp: api.TimestampISO8601})
	if typeErr, ok := errors.AsType[*wire.TypeError](err); ok {
		d.fail(typeErr)
	}
}
