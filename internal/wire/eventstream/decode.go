package eventstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Type is the type of a header's value.
type Type uint8

// The types, and between parentheses the value's length in bytes.
const (
	TypeTrue      Type = iota // (0)
	TypeFalse                 // (0)
	TypeByte                  // (1)
	TypeShort                 // (2)
	TypeInt                   // (4)
	TypeLong                  // (8)
	TypeBytes                 // (told by two bytes before it)
	TypeString                // (told by two bytes before it)
	TypeTimestamp             // milliseconds since the epoch (8)
	TypeUUID                  // (16)
)

// widths are the lengths of values by type, -1 where two bytes tell it.
var widths = [...]int{0, 0, 1, 2, 4, 8, -1, -1, 8, 16}

// Header is a header of a message.
type Header struct {
	Name  string
	Type  Type
	Value []byte // as on the wire, big-endian, without the length
}

// Message is one message of a stream.
type Message struct {
	Headers []Header
	Payload []byte
}

// Header returns the value of the first header with that name, "" where there
// is none.
func (m *Message) Header(name string) string {
	for i := range m.Headers {
		if m.Headers[i].Name == name {
			return string(m.Headers[i].Value)
		}
	}
	return ""
}

// Errors of messages that are damaged or not wanted. A stream that had one
// cannot be read on.
var (
	ErrChecksum  = errors.New("event stream: checksum does not match")
	ErrTooLong   = errors.New("event stream: message is too long")
	ErrMalformed = errors.New("event stream: message is malformed")
)

// Reader reads the messages of a stream.
type Reader struct {
	r   io.Reader
	max int
	buf []byte
	msg Message
}

// NewReader returns a reader that refuses messages longer than max bytes in all.
// AWS's own bound is 24 MiB.
func NewReader(r io.Reader, max int) *Reader { return &Reader{r: r, max: max} }

// Next returns the next message, which is valid until Next is called again. It
// returns io.EOF where the stream ends between messages, io.ErrUnexpectedEOF
// where it ends within one.
func (r *Reader) Next() (*Message, error) {
	r.buf = slices.Grow(r.buf[:0], preludeLen)[:preludeLen]
	if _, err := io.ReadFull(r.r, r.buf); err != nil {
		return nil, err
	}
	total, err := messageLen(r.buf, r.max)
	if err != nil {
		return nil, err
	}
	r.buf = slices.Grow(r.buf, total-preludeLen)[:total]
	if _, err := io.ReadFull(r.r, r.buf[preludeLen:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if err := r.msg.parse(r.buf); err != nil {
		return nil, err
	}
	return &r.msg, nil
}

// messageLen checks a prelude and returns the whole message's length.
func messageLen(prelude []byte, max int) (int, error) {
	if crc32.ChecksumIEEE(prelude[:lengthsLen]) != binary.BigEndian.Uint32(prelude[lengthsLen:]) {
		return 0, ErrChecksum
	}
	total, headers := binary.BigEndian.Uint32(prelude), binary.BigEndian.Uint32(prelude[4:])
	switch {
	case int64(total) > int64(max):
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, total, max)
	case uint64(total) < preludeLen+uint64(headers)+sumLen:
		return 0, fmt.Errorf("%w: %d bytes with %d of headers", ErrMalformed, total, headers)
	}
	return int(total), nil
}

// parse takes apart a whole message whose prelude is sound.
func (m *Message) parse(b []byte) error {
	end := len(b) - sumLen
	if crc32.ChecksumIEEE(b[:end]) != binary.BigEndian.Uint32(b[end:]) {
		return ErrChecksum
	}
	payload := preludeLen + int(binary.BigEndian.Uint32(b[4:]))
	m.Headers, m.Payload = m.Headers[:0], b[payload:end]
	for rest := b[preludeLen:payload]; len(rest) > 0; {
		h, n := parseHeader(rest)
		if n == 0 {
			return fmt.Errorf("%w: headers", ErrMalformed)
		}
		m.Headers = append(m.Headers, h)
		rest = rest[n:]
	}
	return nil
}

// parseHeader returns the header at the beginning of b and its length, 0 where
// it is malformed.
func parseHeader(b []byte) (Header, int) {
	i := 1 + int(b[0])
	if len(b) < i+1 || i == 1 || int(b[i]) >= len(widths) {
		return Header{}, 0
	}
	h := Header{Name: string(b[1:i]), Type: Type(b[i])}
	i++
	width := widths[h.Type]
	if width < 0 {
		if len(b) < i+2 {
			return Header{}, 0
		}
		width = int(binary.BigEndian.Uint16(b[i:]))
		i += 2
	}
	if len(b) < i+width {
		return Header{}, 0
	}
	h.Value = b[i : i+width]
	return h, i + width
}
