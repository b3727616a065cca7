// Package eventstream frames the messages of AWS's event streams
// (application/vnd.amazon.eventstream): writing them for a server's answers and
// reading them for clients.
//
// A message is, big-endian: total length u32, length of the headers u32, CRC-32
// (IEEE) of those 8 bytes, headers, payload, CRC-32 of all before. A header is:
// length of the name u8, name, type u8, value (reference kinesis-streams §6).
//
// The functions that append are safe for concurrent use and need no memory but
// the slice; a [Reader] belongs to one goroutine.
package eventstream

import (
	"encoding/binary"
	"hash/crc32"
)

// ContentType is the media type of a stream.
const ContentType = "application/vnd.amazon.eventstream"

const (
	preludeLen = 12 // two lengths and their checksum
	sumLen     = 4
	lengthsLen = 8
)

// Begin appends the head of a message and room for what is not known yet. The
// caller appends headers (AppendHeader), calls Payload, appends the payload, and
// calls Finish; the message begins where dst ended.
func Begin(dst []byte) []byte {
	return append(dst, make([]byte, preludeLen)...)
}

// AppendHeader appends a header of type string. The name has at most 255 bytes,
// the value at most 65,535.
func AppendHeader(dst []byte, name, value string) []byte {
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = append(dst, byte(TypeString))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
	return append(dst, value...)
}

// Payload notes that the headers of the message that begins at start are
// complete, and that what is appended from now on is its payload.
func Payload(dst []byte, start int) {
	binary.BigEndian.PutUint32(dst[start+4:], uint32(len(dst)-start-preludeLen))
}

// Finish completes the message that begins at start.
func Finish(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start+sumLen))
	binary.BigEndian.PutUint32(dst[start+lengthsLen:], crc32.ChecksumIEEE(dst[start:start+lengthsLen]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// BeginEvent appends a message up to its payload, which the caller appends in
// the form that contentType names before it calls Finish.
func BeginEvent(dst []byte, event, contentType string) []byte {
	return begin(dst, "event", ":event-type", event, contentType)
}

// BeginException is BeginEvent for the error that ends a stream. code is the
// error's shape.
func BeginException(dst []byte, code, contentType string) []byte {
	return begin(dst, "exception", ":exception-type", code, contentType)
}

func begin(dst []byte, message, typeHeader, typeName, contentType string) []byte {
	start := len(dst)
	dst = Begin(dst)
	dst = AppendHeader(dst, ":message-type", message)
	dst = AppendHeader(dst, typeHeader, typeName)
	if contentType != "" {
		dst = AppendHeader(dst, ":content-type", contentType)
	}
	Payload(dst, start)
	return dst
}

// AppendInitialResponse appends the message that AWS's clients want before all
// events, without a payload.
func AppendInitialResponse(dst []byte) []byte {
	start := len(dst)
	return Finish(BeginEvent(dst, "initial-response", ""), start)
}
