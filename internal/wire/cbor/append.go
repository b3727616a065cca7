package cbor

import (
	"encoding/binary"
	"math"
	"time"
)

// appendHead appends an item's first byte and its argument, as short as it goes.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

// AppendText appends a text string. Its bytes are not checked.
func AppendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// AppendBytes appends a byte string.
func AppendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

// AppendInt appends an integer.
func AppendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNeg, uint64(-1-n))
	}
	return appendHead(dst, majorUint, uint64(n))
}

// AppendBool appends a boolean.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, byteTrue)
	}
	return append(dst, byteFalse)
}

// AppendFloat32 appends a float of 32 bits.
func AppendFloat32(dst []byte, f float32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, byteFloat32), math.Float32bits(f))
}

// AppendFloat64 appends a float of 64 bits.
func AppendFloat64(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, byteFloat64), math.Float64bits(f))
}

// tagEpoch is the tag of a time.
const tagEpoch = majorTag | 1

// appendTime appends a time: milliseconds as an integer, or seconds as a float.
func (p Profile) appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, tagEpoch)
	if p.Millis {
		return AppendInt(dst, t.UnixMilli())
	}
	return AppendFloat64(dst, float64(t.UnixMilli())/1000)
}
