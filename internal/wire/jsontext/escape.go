package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
)

// Each byte of a word, for the arithmetic of plain.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain returns the index of the first byte from i on that does not stand for
// itself in a string or needs a look: a quote, a backslash, a control character
// or a byte beyond ASCII. It looks at eight bytes at a time: subtracting borrows
// into the high bit of exactly those bytes that are below the subtrahend, up to
// and including the first such byte, and only the first counts.
func plain(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		if hit := (w | (w - ones*0x20) | (quote - ones) | (slash - ones)) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 || c >= 0x80 {
			break
		}
	}
	return i
}

// escape decodes the escape at the beginning of b and returns how long it is, 0
// where it is malformed.
func escape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = unit(b)
		if r < 0 || !utf16.IsSurrogate(r) {
			break
		}
		low := unit(b[6:])
		if low < 0 {
			return 0, 0
		}
		r = utf16.DecodeRune(r, low)
		if r == '\uFFFD' {
			return 0, 0
		}
		return r, 12
	default:
		return 0, 0
	}
	if r < 0 {
		return 0, 0
	}
	return r, 6
}

// unit decodes \uXXXX at the beginning of b, to -1 where that does not stand there.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
