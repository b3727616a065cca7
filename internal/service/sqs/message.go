package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"unicode/utf8"
	"unsafe"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// message is one message of a queue: what was sent, and what its answers repeat.
// Times are milliseconds since 1970.
type message struct {
	id         messageID
	sent       int64  // SentTimestamp: a dead letter of a standard queue keeps it, so it is not that of the sequence
	sender     string // SenderId
	body       string
	bodyMD5    [md5.Size]byte
	attributes messageAttributes
	trace      string // AWSTraceHeader
	group      string
	dedup      string // MessageDeduplicationId, given or made of the body
	source     string // DeadLetterQueueSourceArn
	// What came before it was in this queue, for dead letters: how often it was
	// received, and when first.
	received uint32
	first    int64
}

const messageVersion = 1

// texts are the strings of a row, in its order.
func (m *message) texts() [5]*string {
	return [...]*string{&m.sender, &m.trace, &m.group, &m.dedup, &m.source}
}

// encode appends the message to dst, in the layout of docs/format/sqs.md.
func (m *message) encode(dst []byte) []byte {
	n := 1 + len(m.id) + len(m.bodyMD5) + 9*binary.MaxVarintLen64 + len(m.attributes) + len(m.body)
	texts := m.texts()
	for _, s := range texts {
		n += len(*s)
	}
	b := append(slices.Grow(dst, n), messageVersion)
	b = append(b, m.id[:]...)
	b = append(b, m.bodyMD5[:]...)
	b = binary.AppendUvarint(b, uint64(m.sent))
	b = binary.AppendUvarint(b, uint64(m.received))
	b = binary.AppendUvarint(b, uint64(m.first))
	for _, s := range texts {
		b = binary.AppendUvarint(b, uint64(len(*s)))
		b = append(b, *s...)
	}
	b = binary.AppendUvarint(b, uint64(len(m.attributes)))
	b = append(b, m.attributes...)
	return append(b, m.body...)
}

// decodeMessage reverses encode. The message aliases b, which must not change any
// more.
func decodeMessage(b []byte) (m message, err error) {
	const fixed = 1 + len(m.id) + len(m.bodyMD5)
	if len(b) < fixed || b[0] != messageVersion {
		return message{}, errMessage
	}
	copy(m.id[:], b[1:])
	copy(m.bodyMD5[:], b[1+len(m.id):])
	d := messageReader{rest: b[fixed:]}
	m.sent = int64(d.number())
	received := d.number()
	m.received = uint32(received)
	m.first = int64(d.number())
	for _, s := range m.texts() {
		*s = textOf(d.bytes())
	}
	m.attributes = messageAttributes(d.bytes())
	m.body = textOf(d.rest)
	if d.damaged || uint64(m.received) != received || m.sent < 0 || m.first < 0 || !m.attributes.wellFormed() {
		return message{}, errMessage
	}
	return m, nil
}

var errMessage = fmt.Errorf("%w: message", store.ErrCorrupt)

// messageReader reads the fields of a row. What is asked for behind damage is
// zero.
type messageReader struct {
	rest    []byte
	damaged bool
}

func (d *messageReader) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.damaged, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *messageReader) bytes() []byte {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.damaged, d.rest = true, nil
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

// bytesOf and textOf see the memory of one as the other, without a copy.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// hexMD5 returns a digest as clients see it.
func hexMD5(sum [md5.Size]byte) string {
	var b [2 * md5.Size]byte
	hex.Encode(b[:], sum[:])
	return string(b[:])
}

// messageSize is what counts towards MaximumMessageSize, in bytes.
func messageSize(body string, attributes messageAttributes) int { return len(body) + attributes.size() }

// checkBody checks the body of a message, but for its length.
func checkBody(body string) error {
	if body == "" {
		return missingParameter("MessageBody")
	}
	if !validText(body) {
		return sqsapi.ErrInvalidMessageContents.New(invalidCharacters)
	}
	return nil
}

// checkSize checks the size of a message that is sent by itself against the
// queue's MaximumMessageSize.
func checkSize(size, most int) error {
	if size > most {
		return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", most)
	}
	return nil
}

// checkEntrySize is checkSize for a message of a batch, which says it otherwise.
func checkEntrySize(size, most int) error {
	if size > most {
		return invalidParameter("One or more parameters cannot be validated. Reason: Message must be shorter than %d bytes.", most)
	}
	return nil
}

const invalidCharacters = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"

// validText reports whether a text has none but the characters that SQS takes,
// in UTF-8.
func validText(s string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			// Eight bytes from ' ' to DEL: none has its high bit, nor gets it by
			// taking ' ' away.
			if x := binary.LittleEndian.Uint64(bytesOf(s[i : i+8])); (x|(x-each*' '))&high == 0 {
				i += 8
				continue
			}
		}
		c := s[i]
		switch {
		case c >= ' ' && c < utf8.RuneSelf, c == '\t', c == '\n', c == '\r':
			i++
		case c < ' ':
			return false
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				return false
			}
			i += n
		}
	}
	return true
}
