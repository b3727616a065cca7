package kinesis

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// tokens seals what clients carry from one call to the next: shard iterators and
// page tokens. They are encrypted and authenticated by a key of the store, so
// they survive a restart and cannot be made up.
type tokens struct {
	keys store.Keyring
	key  store.KeyID
}

var errToken = errors.New("not a token of this server")

// What a token is for; it is bound to the ciphertext.
var (
	iteratorToken = []byte("kinesis shard iterator")
	pageToken     = []byte("kinesis page")
)

// openTokens reads the key of tokens, or makes it at the first start.
func openTokens(ctx context.Context, st store.Store) (*tokens, error) {
	t := &tokens{keys: st.Keys()}
	part := st.Partition(root)
	read := func(r store.Reader) error {
		b, err := r.Get(tokenKeyKey)
		if err != nil {
			return err
		}
		return decodeRow(b, &t.key)
	}
	err := part.View(ctx, read)
	if !isNotFound(err) {
		return t, err
	}
	fresh, err := t.keys.Create(ctx)
	if err != nil {
		return nil, err
	}
	return t, part.Update(ctx, func(tx store.Tx) error {
		if err := read(tx); !isNotFound(err) {
			return err
		}
		t.key = fresh
		tx.Set(tokenKeyKey, encodeRow(fresh))
		return nil
	})
}

// seal returns a token.
func (t *tokens) seal(kind, plain []byte) (string, error) {
	var buf [512]byte
	sealed, err := t.keys.Seal(buf[:0], t.key, kind, plain)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// open reverses seal; errToken where the token is none of this kind.
func (t *tokens) open(kind []byte, token string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, errToken
	}
	plain, err := t.keys.Open(nil, t.key, kind, sealed)
	if err != nil {
		return nil, errToken
	}
	return plain, nil
}

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
	return s.tokens.seal(iteratorToken, b)
}

func (s *Service) openIterator(token string) (it iterator, err error) {
	// Some clients send the quotes that stood around the token (kinesis-mock #689).
	if n := len(token); n > 1 && token[0] == '"' && token[n-1] == '"' {
		token = token[1 : n-1]
	}
	b, err := s.tokens.open(iteratorToken, token)
	if err != nil || len(b) < 29 || b[0] != iteratorVersion {
		return it, errToken
	}
	it.made = time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:])))
	it.incarnation = binary.BigEndian.Uint64(b[9:])
	it.shard = binary.BigEndian.Uint32(b[17:])
	it.position = store.Position(binary.BigEndian.Uint64(b[21:]))
	b = b[29:]
	for _, part := range []*string{&it.key.account, &it.key.region, &it.key.name} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return it, errToken
		}
		*part, b = string(b[1:1+b[0]]), b[1+b[0]:]
	}
	return it, nil
}
