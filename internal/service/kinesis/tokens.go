package kinesis

import (
	"encoding/binary"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/token"
)

// What a token is for; it is bound to the ciphertext.
var (
	iteratorToken = []byte("kinesis shard iterator")
	pageToken     = []byte("kinesis page")
)

// iterator is what a shard iterator means.
type iterator struct {
	key         streamKey
	incarnation uint64
	shard       uint32
	position    store.Position
	made        time.Time // whole milliseconds
}

const iteratorVersion = 1

func (s *Service) sealIterator(it iterator) (string, error) {
	b := make([]byte, 0, 256)
	b = append(b, iteratorVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(it.made.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, it.incarnation)
	b = binary.BigEndian.AppendUint32(b, it.shard)
	b = binary.BigEndian.AppendUint64(b, uint64(it.position))
	for _, part := range []string{it.key.account, it.key.region, it.key.name} {
		b = append(b, byte(len(part)))
		b = append(b, part...)
	}
	return s.tokens.Seal(iteratorToken, b)
}

func (s *Service) openIterator(sealed string) (it iterator, err error) {
	// Some clients send the quotes that stood around the token (kinesis-mock #689).
	if n := len(sealed); n > 1 && sealed[0] == '"' && sealed[n-1] == '"' {
		sealed = sealed[1 : n-1]
	}
	b, err := s.tokens.Open(nil, iteratorToken, sealed)
	if err != nil || len(b) < 29 || b[0] != iteratorVersion {
		return it, token.ErrForeign
	}
	it.made = time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:])))
	it.incarnation = binary.BigEndian.Uint64(b[9:])
	it.shard = binary.BigEndian.Uint32(b[17:])
	it.position = store.Position(binary.BigEndian.Uint64(b[21:]))
	b = b[29:]
	for _, part := range []*string{&it.key.account, &it.key.region, &it.key.name} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return it, token.ErrForeign
		}
		*part, b = string(b[1:1+b[0]]), b[1+b[0]:]
	}
	return it, nil
}
