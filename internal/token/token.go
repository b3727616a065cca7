// Package token seals what clients carry from one call to the next: shard
// iterators, receipt handles, page tokens. A token is encrypted and
// authenticated by a data key of the store, so that it survives a restart, tells
// nothing, and cannot be made up.
//
// A Sealer is safe for concurrent use.
package token

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// ErrForeign says that a token was not sealed by this server for this purpose.
var ErrForeign = errors.New("not a token of this server")

// keyRow is the row that names the data key.
var keyRow = []byte("token-key")

// Sealer makes and opens tokens under one data key.
type Sealer struct {
	keys store.Keyring
	key  store.KeyID
}

// Open returns the sealer whose key a partition names, having made that key at
// the first start. Each service uses a partition of its own.
func Open(ctx context.Context, st store.Store, partition string) (*Sealer, error) {
	s := &Sealer{keys: st.Keys()}
	part := st.Partition(partition)
	var found bool
	read := func(r store.Reader) (err error) {
		found, err = row.Find(r, keyRow, &s.key)
		return err
	}
	if err := part.View(ctx, read); err != nil || found {
		return s, wrap(err)
	}
	fresh, err := s.keys.Create(ctx)
	if err != nil {
		return nil, wrap(err)
	}
	return s, wrap(part.Update(ctx, func(tx store.Tx) error {
		if err := read(tx); err != nil || found {
			return err
		}
		s.key = fresh
		tx.Set(keyRow, row.Encode(fresh))
		return nil
	}))
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("open the key of tokens: %w", err)
}

// Seal returns the token of plain, in standard base64 (which has no hyphen:
// clients of SQS cut receipt handles at one). It opens only for the same kind,
// which says what the token is for.
func (s *Sealer) Seal(kind, plain []byte) (string, error) {
	var buf [512]byte
	sealed, err := s.keys.Seal(buf[:0], s.key, kind, plain)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Open appends to dst what Seal was given. ErrForeign where the token is none of
// this kind.
func (s *Sealer) Open(dst, kind []byte, token string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrForeign
	}
	plain, err := s.keys.Open(dst, s.key, kind, sealed)
	if err != nil {
		return nil, ErrForeign
	}
	return plain, nil
}
