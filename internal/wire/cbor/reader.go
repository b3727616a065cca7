// Package cbor reads and writes CBOR (RFC 8949), and structures in it as AWS's
// two CBOR protocols have them: [Profile] says where they differ.
//
// [Reader] takes a message apart item by item; definite and indefinite lengths,
// strings in chunks and floats of every width are all understood. A Reader joins
// chunked strings in place, so it destroys the message it reads, and belongs to
// one goroutine. Everything else is stateless and safe for concurrent use.
package cbor

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and maps may be nested. No AWS model comes near
// it; it bounds the stack that a hostile body can take.
const MaxDepth = 64

// Kind is the kind of a data item.
type Kind uint8

// The kinds of items. Undefined reads as Null, and tags stand before items.
const (
	Invalid Kind = iota // the message has ended, or no item begins so
	Int
	Bytes
	Text
	Array
	Map
	Tag
	Bool
	Null
	Float
)

// Major types, the upper three bits of an item's first byte.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5

	byteFalse   = 0xf4
	byteTrue    = 0xf5
	byteNull    = 0xf6
	byteUndef   = 0xf7
	byteFloat16 = 0xf9
	byteFloat32 = 0xfa
	byteFloat64 = 0xfb
	byteBreak   = 0xff

	indefinite = 31 // the lower five bits of an item without a length
)

// Reader reads one message. Its first error sticks: from then on there are no
// more items, so that loops end by themselves, and [Reader.Err] tells what was
// wrong.
type Reader struct {
	buf   []byte
	pos   int
	depth int
	what  string // the first error, where there was one
	at    int    // and its offset
}

// NewReader returns a reader of a message, which it will destroy.
func NewReader(message []byte) Reader { return Reader{buf: message} }

// Err returns the first error, with its offset, or nil.
func (r *Reader) Err() error {
	if r.what == "" {
		return nil
	}
	return errors.New(r.what + " at offset " + strconv.Itoa(r.at))
}

// Fail makes what the reader's error unless it has one already.
func (r *Reader) Fail(what string) {
	if r.what == "" {
		r.what, r.at = what, r.pos
	}
	r.pos = len(r.buf)
}

// End fails unless the message has ended.
func (r *Reader) End() {
	if r.pos < len(r.buf) {
		r.Fail("bytes after the item")
	}
}

// Kind returns the kind of the item that comes next.
func (r *Reader) Kind() Kind {
	if r.pos == len(r.buf) {
		return Invalid
	}
	switch c := r.buf[r.pos]; c & 0xe0 {
	case majorUint, majorNeg:
		return Int
	case majorBytes:
		return Bytes
	case majorText:
		return Text
	case majorArray:
		return Array
	case majorMap:
		return Map
	case majorTag:
		return Tag
	default:
		switch c {
		case byteFalse, byteTrue:
			return Bool
		case byteNull, byteUndef:
			return Null
		case byteFloat16, byteFloat32, byteFloat64:
			return Float
		}
		return Invalid
	}
}

// Value consumes the tags before the next item and returns the item's kind.
func (r *Reader) Value() Kind {
	for {
		k := r.Kind()
		if k != Tag {
			return k
		}
		r.arg()
	}
}

// arg consumes an item's first byte and its argument. Without an argument it
// fails.
func (r *Reader) arg() uint64 {
	info := r.buf[r.pos] & 0x1f
	r.pos++
	switch {
	case info < 24:
		return uint64(info)
	case info < 28:
		n := 1 << (info - 24)
		if len(r.buf)-r.pos < n {
			r.Fail("message ends inside an item's head")
			return 0
		}
		b := r.buf[r.pos:]
		r.pos += n
		switch n {
		case 1:
			return uint64(b[0])
		case 2:
			return uint64(binary.BigEndian.Uint16(b))
		case 4:
			return uint64(binary.BigEndian.Uint32(b))
		}
		return binary.BigEndian.Uint64(b)
	}
	r.Fail("malformed head of an item")
	return 0
}

// open reports whether the next item is of indefinite length, and then consumes
// its head.
func (r *Reader) open() bool {
	if r.buf[r.pos]&0x1f != indefinite {
		return false
	}
	r.pos++
	return true
}

// Enter consumes the head of an array or map, as Kind has told, and returns the
// number of its elements or entries, -1 where that is not told beforehand.
func (r *Reader) Enter() int {
	size := uint64(1) // the least that an element takes
	if r.Kind() == Map {
		size = 2
	}
	r.depth++
	if r.depth > MaxDepth {
		r.Fail("nested too deep")
		return 0
	}
	if r.open() {
		return -1
	}
	n := r.arg()
	if n > uint64(len(r.buf)-r.pos)/size {
		r.Fail("message ends inside an array or map")
		return 0
	}
	return int(n)
}

// More reports whether another element, or a key and a value, comes next in an
// array or map; left is what Enter returned and counts down.
func (r *Reader) More(left *int) bool {
	switch {
	case *left > 0:
		*left--
		return r.what == ""
	case *left == 0:
		r.depth--
		return false
	case r.pos == len(r.buf):
		r.Fail("message ends inside an array or map")
		return false
	case r.buf[r.pos] == byteBreak:
		r.pos++
		r.depth--
		return false
	}
	return true
}

// Text consumes a text string, as Kind has told, and returns its value, which
// aliases the message.
func (r *Reader) Text() []byte {
	value := r.Bytes()
	if !utf8.Valid(value) {
		r.Fail("text that is not UTF-8")
		return nil
	}
	return value
}

// Key consumes the text string that is the key of a map's entry.
func (r *Reader) Key() []byte {
	if r.Kind() != Text {
		r.Fail("key that is not text")
		return nil
	}
	return r.Text()
}

// Bytes consumes a byte or text string, as Kind has told, and returns its
// content, which aliases the message.
func (r *Reader) Bytes() []byte {
	major := r.buf[r.pos] & 0xe0
	if !r.open() {
		return r.chunk()
	}
	start := r.pos
	end := start
	for {
		switch {
		case r.pos == len(r.buf):
			r.Fail("message ends inside a string")
			return nil
		case r.buf[r.pos] == byteBreak:
			r.pos++
			return r.buf[start:end:end]
		case r.buf[r.pos]&0xe0 != major:
			r.Fail("chunk of another type inside a string")
			return nil
		}
		end += copy(r.buf[end:], r.chunk())
	}
}

// chunk consumes a string of definite length.
func (r *Reader) chunk() []byte {
	n := r.arg()
	if n > uint64(len(r.buf)-r.pos) {
		r.Fail("message ends inside a string")
		return nil
	}
	end := r.pos + int(n)
	value := r.buf[r.pos:end:end]
	r.pos = end
	return value
}

// Int consumes an integer, as Kind has told: the nearest that fits in an int64.
func (r *Reader) Int() int64 {
	negative := r.buf[r.pos]&0xe0 == majorNeg
	n := int64(min(r.arg(), math.MaxInt64))
	if negative {
		return -1 - n
	}
	return n
}

// Bool consumes a boolean, as Kind has told.
func (r *Reader) Bool() bool {
	r.pos++
	return r.buf[r.pos-1] == byteTrue
}

// Null consumes null, or undefined, where that is the next item.
func (r *Reader) Null() bool {
	if r.Kind() != Null {
		return false
	}
	r.pos++
	return true
}

// Float consumes a float of any width, as Kind has told.
func (r *Reader) Float() float64 {
	width := r.buf[r.pos]
	bits := r.arg()
	switch width {
	case byteFloat16:
		return half(uint16(bits))
	case byteFloat32:
		return float64(math.Float32frombits(uint32(bits)))
	}
	return math.Float64frombits(bits)
}

// half widens a float of 16 bits: sign, 5 bits of exponent, 10 of mantissa.
func half(h uint16) float64 {
	exponent, mantissa := int(h>>10&0x1f), float64(h&0x3ff)
	var f float64
	switch {
	case exponent == 0:
		f = math.Ldexp(mantissa, -24)
	case exponent < 0x1f:
		f = math.Ldexp(1024+mantissa, exponent-25)
	case mantissa == 0:
		f = math.Inf(1)
	default:
		f = math.NaN()
	}
	if h>>15 != 0 {
		f = -f
	}
	return f
}

// Skip consumes an item of any kind, with its tags.
func (r *Reader) Skip() {
	switch r.Value() {
	case Int:
		r.Int()
	case Bytes:
		r.Bytes()
	case Text:
		r.Text()
	case Array:
		for n := r.Enter(); r.More(&n); {
			r.Skip()
		}
	case Map:
		for n := r.Enter(); r.More(&n); {
			r.Skip()
			r.Skip()
		}
	case Bool, Null:
		r.pos++
	case Float:
		r.Float()
	default:
		r.Fail("no item where one must stand")
	}
}
