package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Initial bytes of CBOR (RFC 8949 §3): the major types, in place, and the values
// that are one byte.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorText  = 3 << 5
	majorList  = 4 << 5
	majorMap   = 5 << 5
	majorTag   = 6 << 5

	byteFalse   = 0xf4
	byteTrue    = 0xf5
	byteNull    = 0xf6
	byteFloat64 = 0xfb
	byteBreak   = 0xff

	tagTime = 1 // milliseconds, as the protocol has it
	// open is the additional information of what goes on to a break.
	open = 31
)

func encodeCBOR(in Object) ([]byte, error) { return appendCBOR(nil, in) }

func appendCBOR(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, byteNull), nil
	case string:
		return append(appendHead(b, majorText, len(v)), v...), nil
	case []byte:
		return append(appendHead(b, majorBytes, len(v)), v...), nil
	case bool:
		if v {
			return append(b, byteTrue), nil
		}
		return append(b, byteFalse), nil
	case int:
		if v < 0 {
			return appendHead(b, majorNeg, -1-v), nil
		}
		return appendHead(b, majorUint, v), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(b, byteFloat64), math.Float64bits(v)), nil
	case time.Time:
		return appendCBOR(appendHead(b, majorTag, tagTime), int(v.UnixMilli()))
	case []any:
		b = appendHead(b, majorList, len(v))
		for _, element := range v {
			var err error
			if b, err = appendCBOR(b, element); err != nil {
				return nil, err
			}
		}
		return b, nil
	case Object:
		// Of no length that is told, as Java's clients write it.
		b = append(b, majorMap|open)
		for name, member := range v {
			var err error
			if b, err = appendCBOR(append(appendHead(b, majorText, len(name)), name...), member); err != nil {
				return nil, err
			}
		}
		return append(b, byteBreak), nil
	}
	return nil, fmt.Errorf("%T is no value of the API", v)
}

// appendHead appends an initial byte and its argument.
func appendHead(b []byte, major byte, n int) []byte {
	if n < 24 {
		return append(b, major|byte(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), uint64(n))
}

func decodeCBOR(message []byte) (any, error) {
	p := parser{message}
	v, err := p.item()
	if err == nil && len(p.rest) > 0 {
		err = errors.New("there is more after the value")
	}
	return v, err
}

// parser takes a message apart from its beginning on.
type parser struct{ rest []byte }

var errShort = errors.New("the message ends too soon")

// head reads an initial byte and its argument, which is -1 for what is open.
func (p *parser) head() (first byte, n int, err error) {
	b, err := p.take(1)
	if err != nil {
		return 0, 0, err
	}
	first = b[0]
	switch info := first & 31; {
	case info < 24:
		return first, int(info), nil
	case info == open:
		return first, -1, nil
	case info > 27:
		return 0, 0, fmt.Errorf("initial byte %#x", first)
	default:
		b, err := p.take(1 << (info - 24))
		for _, c := range b {
			n = n<<8 | int(c)
		}
		return first, n, err
	}
}

func (p *parser) take(n int) ([]byte, error) {
	if n < 0 || n > len(p.rest) {
		return nil, errShort
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b, nil
}

func (p *parser) item() (any, error) {
	first, n, err := p.head()
	if err != nil {
		return nil, err
	}
	switch first &^ 31 {
	case majorUint:
		return n, nil
	case majorNeg:
		return -1 - n, nil
	case majorBytes:
		return p.take(n)
	case majorText:
		b, err := p.take(n)
		return string(b), err
	case majorList:
		return p.list(n)
	case majorMap:
		return p.object(n)
	case majorTag:
		v, err := p.item()
		ms, ok := v.(int)
		if err == nil && (n != tagTime || !ok) {
			err = fmt.Errorf("tag %d of %T", n, v)
		}
		return time.UnixMilli(int64(ms)).UTC(), err
	}
	switch first {
	case byteFalse, byteTrue:
		return first == byteTrue, nil
	case byteFloat64:
		return math.Float64frombits(uint64(n)), nil
	}
	return nil, fmt.Errorf("initial byte %#x", first)
}

// more reports whether there is another of n elements, or of those up to a break.
func (p *parser) more(i, n int) bool {
	if n >= 0 {
		return i < n
	}
	if len(p.rest) > 0 && p.rest[0] == byteBreak {
		p.rest = p.rest[1:]
		return false
	}
	return true
}

func (p *parser) list(n int) (any, error) {
	out := []any{}
	for i := 0; p.more(i, n); i++ {
		v, err := p.item()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (p *parser) object(n int) (any, error) {
	out := Object{}
	for i := 0; p.more(i, n); i++ {
		key, err := p.item()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%T in place of a name", key)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		if out[name], err = p.item(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
