package sqs

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/store"
)

// A stored message is the number of the data key as a uvarint, 0 for none, and
// the message, encrypted under that key where there is one.

// seal returns what is stored of an encoded message. The ciphertext is bound to
// the queue.
func (s *Service) seal(d *description, encoded []byte) ([]byte, error) {
	b := make([]byte, 0, len(encoded)+64)
	b = binary.AppendUvarint(b, uint64(d.Key))
	if d.Key == 0 {
		return append(b, encoded...), nil
	}
	return s.o.Store.Keys().Seal(b, d.Key, sealContext(d), encoded)
}

// open reverses seal.
func (s *Service) open(d *description, stored []byte) ([]byte, error) {
	key, n := binary.Uvarint(stored)
	if n <= 0 {
		return nil, fmt.Errorf("%w: message", store.ErrCorrupt)
	}
	if key == 0 {
		return stored[n:], nil
	}
	return s.o.Store.Keys().Open(nil, store.KeyID(key), sealContext(d), stored[n:])
}

func sealContext(d *description) []byte {
	return binary.BigEndian.AppendUint64([]byte("sqs message "), d.Incarnation)
}
