// Package hash128 is the 128-bit hash space in which Kinesis places partition
// keys: unsigned arithmetic, decimal text and the MD5 of a key.
//
// Values are immutable; everything is safe for concurrent use.
package hash128

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"math/bits"
	"unsafe"
)

// Hash is an unsigned 128-bit integer. The zero value is 0.
type Hash struct{ Hi, Lo uint64 }

// Max is 2^128-1, the end of the hash space.
var Max = Hash{^uint64(0), ^uint64(0)}

// ErrRange says that a text is no decimal number of [0, 2^128-1].
var ErrRange = errors.New("not a number in the range [0, 2^128-1]")

// OfKey returns the hash of a partition key: the MD5 of its bytes, read big
// endian.
func OfKey(key string) Hash {
	sum := md5.Sum(unsafe.Slice(unsafe.StringData(key), len(key)))
	return Hash{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// Cmp returns -1, 0 or 1 as h is less than, equal to or greater than o.
func (h Hash) Cmp(o Hash) int {
	switch {
	case h == o:
		return 0
	case h.Hi < o.Hi || h.Hi == o.Hi && h.Lo < o.Lo:
		return -1
	}
	return 1
}

// Less reports whether h is less than o.
func (h Hash) Less(o Hash) bool { return h.Cmp(o) < 0 }

// Add returns h + o modulo 2^128.
func (h Hash) Add(o Hash) Hash {
	lo, carry := bits.Add64(h.Lo, o.Lo, 0)
	hi, _ := bits.Add64(h.Hi, o.Hi, carry)
	return Hash{hi, lo}
}

// Sub returns h - o modulo 2^128.
func (h Hash) Sub(o Hash) Hash {
	lo, borrow := bits.Sub64(h.Lo, o.Lo, 0)
	hi, _ := bits.Sub64(h.Hi, o.Hi, borrow)
	return Hash{hi, lo}
}

// Next returns h + 1 modulo 2^128.
func (h Hash) Next() Hash { return h.Add(Hash{Lo: 1}) }

// Prev returns h - 1 modulo 2^128.
func (h Hash) Prev() Hash { return h.Sub(Hash{Lo: 1}) }

// Half returns h / 2, rounded down.
func (h Hash) Half() Hash { return Hash{h.Hi >> 1, h.Lo>>1 | h.Hi<<63} }

// mul returns h * n modulo 2^128.
func (h Hash) mul(n uint64) Hash {
	hi, lo := bits.Mul64(h.Lo, n)
	return Hash{hi + h.Hi*n, lo}
}

// div returns the quotient and remainder of h / n.
func (h Hash) div(n uint64) (Hash, uint64) {
	hi, r := bits.Div64(0, h.Hi, n)
	lo, r := bits.Div64(r, h.Lo, n)
	return Hash{hi, lo}, r
}

// Bound returns where the i-th of n equal parts of the hash space begins:
// i * floor(2^128/n). For i = n it returns 0, one past the end.
func Bound(i, n int) Hash {
	if i == n {
		return Hash{}
	}
	// floor(2^128/n) is floor((2^128-1)/n), or one more where n divides 2^128.
	width, rest := Max.div(uint64(n))
	if rest == uint64(n)-1 {
		width = width.Next()
	}
	return width.mul(uint64(i))
}

// Parse reads a decimal number without sign or leading zeros.
func Parse(s string) (Hash, error) {
	if s == "" || len(s) > 39 || len(s) > 1 && s[0] == '0' {
		return Hash{}, ErrRange
	}
	var h Hash
	for i := range len(s) {
		d := uint64(s[i] - '0')
		if d > 9 {
			return Hash{}, ErrRange
		}
		carry, lo := bits.Mul64(h.Lo, 10)
		over, hi := bits.Mul64(h.Hi, 10)
		hi, c := bits.Add64(hi, carry, 0)
		lo, c2 := bits.Add64(lo, d, 0)
		hi, c3 := bits.Add64(hi, 0, c2)
		if over+c+c3 != 0 {
			return Hash{}, ErrRange
		}
		h = Hash{hi, lo}
	}
	return h, nil
}

// String returns the number in decimal.
func (h Hash) String() string {
	var buf [39]byte
	i := len(buf)
	for {
		var r uint64
		h, r = h.div(10)
		i--
		buf[i] = byte('0' + r)
		if h == (Hash{}) {
			return string(buf[i:])
		}
	}
}

// MarshalText writes the number in decimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = Parse(string(text))
	return err
}
