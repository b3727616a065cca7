package cbor

import (
	"math"
	"time"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/mismatch"
)

// Profile is what AWS's CBOR protocols differ in.
type Profile struct {
	// Millis: a time is an integer of milliseconds under tag 1, against the
	// RFC (reference kinesis-streams §2.5). Otherwise it is seconds.
	Millis bool
}

// DecodeStruct decodes a message into s, which is zero, and destroys the
// message. With alias, strings and blobs alias it. It returns nil, a
// *wire.SyntaxError or a *wire.TypeError; an empty message is a SyntaxError.
func (p Profile) DecodeStruct(message []byte, s api.Struct, alias bool) error {
	d := decoder{Reader: NewReader(message), profile: p, alias: alias}
	if d.Value() != Map {
		d.Fail("body that is not a map")
	} else {
		d.structure(s)
	}
	return d.finish()
}

// CheckMap returns an error unless the message is one well-formed map.
func CheckMap(message []byte) error {
	d := decoder{Reader: NewReader(message)}
	if d.Value() != Map {
		d.Fail("body that is not a map")
	}
	d.Skip()
	return d.finish()
}

// decoder is the state of decoding one message. The first type error is kept and
// the rest is still read; the reader keeps the first syntax error.
type decoder struct {
	Reader
	profile Profile
	alias   bool
	typeErr *wire.TypeError
}

func (d *decoder) finish() error {
	d.End()
	if err := d.Err(); err != nil {
		return &wire.SyntaxError{Detail: err.Error()}
	}
	if d.typeErr != nil {
		return d.typeErr
	}
	return nil
}

// structure decodes the map that comes next.
func (d *decoder) structure(s api.Struct) {
	schema, next := s.Schema(), 0
	for n := d.Enter(); d.More(&n); {
		i := schema.Lookup(d.Key(), next)
		if i < 0 {
			d.Skip()
			continue
		}
		next = i + 1
		d.member(s, i, schema.Members[i].Schema)
	}
}

func (d *decoder) member(s api.Struct, i int, schema *api.Schema) {
	kind := d.Value()
	if schema.Kind != api.KindStruct {
		p := s.Member(i)
		if d.Null() {
			wire.Clear(p)
			return
		}
		d.value(schema, p)
		return
	}
	switch {
	case d.Null():
	case kind != Map:
		d.mismatch(api.KindStruct)
	default:
		d.structure(s.Nested(i, true))
	}
}

// element decodes an element of a list or a value of a map.
func (d *decoder) element(schema *api.Schema, p any) {
	kind := d.Value()
	switch {
	case d.Null():
	case schema.Kind != api.KindStruct:
		d.value(schema, p)
	case kind != Map:
		d.mismatch(api.KindStruct)
	default:
		d.structure(p.(api.Struct))
	}
}

// roomFor bounds the room that is made for elements before they are seen.
const roomFor = 1024

func (d *decoder) list(schema *api.Schema, l api.List) {
	if d.Value() != Array {
		d.mismatch(api.KindList)
		return
	}
	n, room := d.Enter(), wire.MaxEntries(schema)
	l.Make(min(max(n, 0), room, roomFor))
	for d.More(&n) {
		if l.Len() == room {
			d.Skip()
			continue
		}
		d.element(schema.Elem.Schema, l.Append()) // a null element stays zero, in its place
	}
}

func (d *decoder) mapping(schema *api.Schema, m api.Map) {
	if d.Value() != Map {
		d.mismatch(api.KindMap)
		return
	}
	n, room := d.Enter(), wire.MaxEntries(schema)
	m.Make(min(max(n, 0), room, roomFor))
	fill := func(p any) error {
		d.element(schema.Elem.Schema, p)
		return nil
	}
	for d.More(&n) {
		key := d.string(d.Key())
		if d.Value(); !schema.Sparse && d.Null() {
			continue
		}
		if m.Len() == room {
			d.Skip()
			continue
		}
		_ = m.Put(key, fill) // fails where fill does: never
	}
}

// string returns bytes of the message as a string.
func (d *decoder) string(b []byte) string {
	if d.alias {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	return string(b)
}

func (d *decoder) text() (string, bool) {
	if d.Value() != Text {
		d.mismatch(api.KindString)
		return "", false
	}
	return d.string(d.Text()), true
}

func (d *decoder) blob() []byte {
	if d.Value() != Bytes {
		d.mismatch(api.KindBlob)
		return nil
	}
	b := d.Bytes()
	if d.alias || b == nil {
		return b
	}
	return append(make([]byte, 0, len(b)), b...)
}

// integer returns a number as an integer: rounded down, and the nearest of kind
// where it is out of range.
func (d *decoder) integer(kind api.Kind) (int64, bool) {
	var v int64
	switch d.Value() {
	case Int:
		v = d.Int()
	case Float:
		v = wire.Floor(d.Float())
	default:
		d.mismatch(kind)
		return 0, false
	}
	if kind == api.KindInt {
		v = min(max(v, math.MinInt32), math.MaxInt32)
	}
	return v, true
}

func (d *decoder) float(kind api.Kind) (float64, bool) {
	switch d.Value() {
	case Int:
		return float64(d.Int()), true
	case Float:
		return d.Float(), true
	}
	d.mismatch(kind)
	return 0, false
}

func (d *decoder) bool() (value, ok bool) {
	if d.Value() != Bool {
		d.mismatch(api.KindBool)
		return false, false
	}
	return d.Bool(), true
}

// time returns a time, with or without its tag.
func (d *decoder) time() (time.Time, bool) {
	kind := d.Value()
	switch {
	case kind == Int && d.profile.Millis:
		return wire.FromMillis(d.Int()), true
	case kind == Float && d.profile.Millis:
		return wire.FromMillis(wire.Floor(d.Float())), true
	case kind == Int:
		return wire.FromWholeSeconds(d.Int()), true
	case kind == Float:
		return wire.FromSeconds(d.Float()), true
	}
	d.mismatch(api.KindTimestamp)
	return time.Time{}, false
}

// value decodes what comes next, which is not null, into p: what Struct.Member,
// List.At or Map.Put give for a shape that is no structure.
func (d *decoder) value(schema *api.Schema, p any) {
	switch p := p.(type) {
	case *api.Opt[string]:
		p.V, p.Set = d.text()
	case *[]byte:
		*p = d.blob()
	case *api.Opt[int32]:
		var v int64
		v, p.Set = d.integer(api.KindInt)
		p.V = int32(v)
	case *api.Opt[int64]:
		p.V, p.Set = d.integer(api.KindLong)
	case *api.Opt[bool]:
		p.V, p.Set = d.bool()
	case *api.Opt[time.Time]:
		p.V, p.Set = d.time()
	case *api.Opt[float64]:
		p.V, p.Set = d.float(api.KindDouble)
	case *api.Opt[float32]:
		var v float64
		v, p.Set = d.float(api.KindFloat)
		p.V = float32(v)
	case *string:
		*p, _ = d.text()
	case *int32:
		v, _ := d.integer(api.KindInt)
		*p = int32(v)
	case *int64:
		*p, _ = d.integer(api.KindLong)
	case *bool:
		*p, _ = d.bool()
	case *time.Time:
		*p, _ = d.time()
	case *float64:
		*p, _ = d.float(api.KindDouble)
	case *float32:
		v, _ := d.float(api.KindFloat)
		*p = float32(v)
	case *api.Opt[[]byte]:
		p.V = d.blob()
		p.Set = p.V != nil
	case api.List:
		d.list(schema, p)
	case api.Map:
		d.mapping(schema, p)
	default: // a Document, which neither protocol has
		d.Skip()
	}
}

// mismatch reports that the item that comes next is not of kind want, and skips
// it.
func (d *decoder) mismatch(want api.Kind) {
	var found mismatch.Found
	switch d.Value() {
	case Text:
		found = mismatch.String
	case Bytes:
		found = mismatch.Bytes
	case Int, Float:
		found = mismatch.Number
	case Bool:
		found = mismatch.Bool
	case Array:
		found = mismatch.List
	case Map:
		found = mismatch.Map
	}
	d.Skip()
	if found != 0 && d.typeErr == nil {
		d.typeErr = mismatch.New(want, found)
	}
}
