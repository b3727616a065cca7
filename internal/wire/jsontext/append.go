package jsontext

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/emmansun/base64"
)

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string. Only what must be escaped is; bytes
// that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	b := unsafe.Slice(unsafe.StringData(s), len(s)) // read only
	for i := 0; i < len(b); {
		end := plain(b, i)
		dst = append(dst, b[i:end]...)
		if end == len(b) {
			break
		}
		i = end + 1
		switch c := b[end]; {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(b[end:])
			dst = utf8.AppendRune(dst, r)
			i = end + n
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}

// AppendBase64 appends blob as a JSON string in padded standard base64.
func AppendBase64(dst, blob []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, blob)
	return append(dst, '"')
}

// AppendFloat appends a number of 32 or 64 bits in the shortest form that reads
// back the same. NaN and the infinities, for which JSON has no numbers, become
// the strings that AWS's protocols use.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

// AppendSeconds appends a time as seconds since the epoch, with as many decimals
// as its milliseconds need and never an exponent, on which clients fail
// (reference kinesis-streams §2.4).
func AppendSeconds(dst []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		dst = append(dst, '-')
		ms = -ms
	}
	dst = strconv.AppendInt(dst, ms/1000, 10)
	ms %= 1000
	if ms == 0 {
		return dst
	}
	dst = append(dst, '.', byte('0'+ms/100))
	if ms %= 100; ms != 0 {
		dst = append(dst, byte('0'+ms/10))
		if ms %= 10; ms != 0 {
			dst = append(dst, byte('0'+ms))
		}
	}
	return dst
}
