package wiretest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// parseCBOR reads one data item (RFC 8949) as maps, slices and scalars. It is
// written for comparing only: tags 1 becomes a wrapped number, and any integer
// or float a float64.
func parseCBOR(data []byte) (any, error) {
	p := cborParser{data: data}
	v, err := p.item()
	if err == nil && len(p.data) > 0 {
		err = fmt.Errorf("%d bytes after the item", len(p.data))
	}
	return v, err
}

type cborParser struct{ data []byte }

var (
	errCBORShort = errors.New("the item ends too soon")
	errCBORBreak = errors.New("a break outside of an item")
)

// head reads an initial byte and its argument. The additional information 31
// (indefinite length, or break) has no argument.
func (p *cborParser) head() (major, info byte, arg uint64, err error) {
	if len(p.data) == 0 {
		return 0, 0, 0, errCBORShort
	}
	major, info = p.data[0]>>5, p.data[0]&31
	p.data = p.data[1:]
	if info < 24 {
		return major, info, uint64(info), nil
	}
	if info > 27 {
		return major, info, 0, nil
	}
	n := 1 << (info - 24)
	if len(p.data) < n {
		return 0, 0, 0, errCBORShort
	}
	var word [8]byte
	copy(word[8-n:], p.data[:n])
	p.data = p.data[n:]
	return major, info, binary.BigEndian.Uint64(word[:]), nil
}

func (p *cborParser) item() (any, error) {
	major, info, arg, err := p.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case 0:
		return float64(arg), nil
	case 1:
		return -1 - float64(arg), nil
	case 2, 3:
		return p.text(major, info, arg)
	case 4:
		out := []any{}
		err := p.each(info, arg, func(v any) error {
			out = append(out, v)
			return nil
		})
		return out, err
	case 5:
		out := map[string]any{}
		err := p.each(info, arg, func(key any) error {
			v, err := p.item()
			out[fmt.Sprint(key)] = v
			return err
		})
		return out, err
	case 6:
		v, err := p.item()
		return map[string]any{fmt.Sprintf("tag %d", arg): v}, err
	}
	return simple(info, arg)
}

// text reads a byte or text string, in one piece or in several.
func (p *cborParser) text(major, info byte, arg uint64) (any, error) {
	if info == 31 {
		var out string
		err := p.each(info, 0, func(v any) error {
			out += fmt.Sprint(v)
			return nil
		})
		return out, err
	}
	if uint64(len(p.data)) < arg {
		return nil, errCBORShort
	}
	s := string(p.data[:arg])
	p.data = p.data[arg:]
	if major == 2 {
		s = "bytes " + s
	}
	return s, nil
}

// each calls f for n items, or for all up to the break.
func (p *cborParser) each(info byte, n uint64, f func(any) error) error {
	for i := uint64(0); info == 31 || i < n; i++ {
		v, err := p.item()
		if info == 31 && errors.Is(err, errCBORBreak) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

func simple(info byte, arg uint64) (any, error) {
	switch info {
	case 20, 21:
		return info == 21, nil
	case 22, 23:
		return nil, nil
	case 25:
		return halfFloat(uint16(arg)), nil
	case 26:
		return float64(math.Float32frombits(uint32(arg))), nil
	case 27:
		return math.Float64frombits(arg), nil
	case 31:
		return nil, errCBORBreak
	}
	return nil, fmt.Errorf("simple value %d", info)
}

// halfFloat widens an IEEE 754 half.
func halfFloat(h uint16) float64 {
	exponent, mantissa := int(h>>10&31), float64(h&1023)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(mantissa, -24)
	case 31:
		f = math.Inf(1)
		if mantissa != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mantissa+1024, exponent-25)
	}
	if h>>15 == 1 {
		f = -f
	}
	return f
}
