package sqs

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// messageID is the id of a message: a random UUID, version 4 (RFC 9562 §5.4).
type messageID [16]byte

// String returns the id as clients see it.
func (id messageID) String() string {
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// messageIDs makes ids. It asks the system for randomness once for many of them.
// The zero value is ready; it is safe for concurrent use.
type messageIDs struct {
	mu     sync.Mutex
	random [4096]byte
	left   int // bytes of random that were not used yet, at its end
}

// next returns an id that no message has.
func (s *messageIDs) next() messageID {
	var id messageID
	s.mu.Lock()
	if s.left == 0 {
		_, _ = rand.Read(s.random[:]) // never fails: it ends the program instead
		s.left = len(s.random)
	}
	at := len(s.random) - s.left
	copy(id[:], s.random[at:])
	s.left -= len(id)
	s.mu.Unlock()
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// sequenceNumber returns the SequenceNumber of a message of a FIFO queue: 10^19
// and its sequence. It has 20 digits always, so that clients who compare numbers
// and those who compare text agree.
func sequenceNumber(seq uint64) string {
	const digits = 20
	const offset = 1e19
	var b [digits]byte
	b[0] = '1' + byte(seq/offset)
	rest := seq % offset
	for i := digits - 1; i > 0; i-- {
		b[i] = '0' + byte(rest%10)
		rest /= 10
	}
	return string(b[:])
}

// maxFIFOID is the longest group id and deduplication id.
const maxFIFOID = 128

// checkFIFOID checks a MessageGroupId, MessageDeduplicationId or
// ReceiveRequestAttemptId that was given: letters, digits and punctuation of
// ASCII.
func checkFIFOID(parameter, id string) error {
	ok := id != "" && len(id) <= maxFIFOID
	for i := range len(id) {
		ok = ok && '!' <= id[i] && id[i] <= '~'
	}
	if !ok {
		return invalidValue(id, parameter, parameter+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// contentDeduplicationID is the deduplication id of a message that was sent
// without one to a queue with ContentBasedDeduplication.
func contentDeduplicationID(body string) string {
	sum := sha256.Sum256(bytesOf(body))
	return hex.EncodeToString(sum[:])
}
