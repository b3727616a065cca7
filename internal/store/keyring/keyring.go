// Package keyring keeps data keys and encrypts with them.
//
// Owns: the rows of the partition that it is given, in the layout of
// docs/format/keyring.md, and the layout of what Seal makes.
//
// A data key is 256 random bits, stored wrapped by the master key. It never
// encrypts anything itself: each Keyring draws a random salt and encrypts under
// a message key that HKDF derives from data key and salt, with a counter as the
// nonce. So no nonce is used twice, even where two servers run from copies of
// one data directory: two Keyrings that draw the same 128-bit salt is an event
// of probability 2^-32 after 2^48 openings. The salt of a key is drawn anew
// after 2^32 messages, which keeps an attacker's advantage in telling
// ciphertexts of up to 1 MiB from noise under 2^-32 for each message key.
//
// Concurrency: a Keyring is safe for concurrent use. Seal and Open take one
// read lock and, when dst has room, allocate nothing. A key that was used stays
// in memory until the Keyring is dropped (about 2 KiB each).
package keyring

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/millrace/millrace/internal/store"
)

// Overhead is how many bytes longer a sealed message is than its plaintext.
const Overhead = headerSize + tagSize

// ErrMasterKey tells that the master key does not open the data keys: it is
// another store's key, or the partition's rows are damaged.
var ErrMasterKey = errors.New("the master key does not open this store's data keys")

const (
	keySize   = 32 // bytes of a data key and of the master key
	nonceSize = 12
	tagSize   = 16

	rowVersion = 1
	rowSize    = 1 + nonceSize + keySize + tagSize
)

// rowPrefix begins the storage key of every data key.
var rowPrefix = []byte("k")

// Keyring implements store.Keyring over a partition.
type Keyring struct {
	partition store.Partition
	master    cipher.AEAD

	mu   sync.RWMutex
	keys []*dataKey // by id; ids are dense, so that no map is in the way
}

// New returns the keyring that is kept in p, which must hold nothing else.
// master is 32 bytes long. ErrMasterKey where p holds keys that master does not
// open. New writes nothing.
func New(ctx context.Context, p store.Partition, master []byte) (*Keyring, error) {
	if len(master) != keySize {
		return nil, fmt.Errorf("master key has %d bytes, not %d", len(master), keySize)
	}
	aead, err := newGCM(master)
	if err != nil {
		return nil, err
	}
	k := &Keyring{partition: p, master: aead}
	err = p.View(ctx, func(r store.Reader) error {
		for row, err := range r.Scan(rowPrefix, nil) {
			if err != nil {
				return err
			}
			_, err = k.unwrap(row.Key, row.Value)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return k, nil
}

// Create makes a data key, durably, and returns its id. Ids count up from 1.
func (k *Keyring) Create(ctx context.Context) (store.KeyID, error) {
	plain := make([]byte, keySize)
	rand.Read(plain)
	var id store.KeyID
	err := k.partition.Update(ctx, func(tx store.Tx) error {
		id = 1
		for row, err := range tx.ScanReverse(rowPrefix, nil) {
			if err != nil {
				return err
			}
			id = keyIDOf(row.Key) + 1
			break
		}
		tx.Set(rowKey(id), k.wrap(id, plain))
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("create data key: %w", err)
	}
	k.cache(id, newDataKey(plain))
	return id, nil
}

// Seal appends to dst the encryption of plaintext under the key, bound to
// context, and returns the longer slice. It is Overhead bytes longer than
// plaintext. The room behind dst must not overlap plaintext. ErrNotFound where
// there is no such key.
func (k *Keyring) Seal(dst []byte, key store.KeyID, context, plaintext []byte) ([]byte, error) {
	d, err := k.key(key)
	if err != nil {
		return dst, err
	}
	e, n, err := d.next()
	if err != nil {
		return dst, err
	}
	dst = slices.Grow(dst, len(plaintext)+Overhead)
	start := len(dst)
	dst = append(dst, messageVersion)
	dst = append(dst, e.salt[:]...)
	dst = binary.BigEndian.AppendUint64(dst, n)
	return e.aead.Seal(dst, nonceOf(dst[start:]), plaintext, context), nil
}

// Open appends to dst what Seal encrypted under the key and context, and
// returns the longer slice. The room behind dst must not overlap sealed.
// ErrCorrupt where sealed or context are not those of a Seal; ErrNotFound where
// there is no such key.
func (k *Keyring) Open(dst []byte, key store.KeyID, context, sealed []byte) ([]byte, error) {
	d, err := k.key(key)
	if err != nil {
		return dst, err
	}
	if len(sealed) < Overhead {
		return dst, fmt.Errorf("sealed message of %d bytes: %w", len(sealed), store.ErrCorrupt)
	}
	if sealed[0] != messageVersion {
		return dst, fmt.Errorf("sealed message of version %d: %w", sealed[0], store.ErrCorrupt)
	}
	aead, err := d.opener([saltSize]byte(sealed[1:]))
	if err != nil {
		return dst, err
	}
	out, err := aead.Open(dst, nonceOf(sealed), sealed[headerSize:], context)
	if err != nil {
		return dst, fmt.Errorf("sealed message does not open under data key %d: %w", key, store.ErrCorrupt)
	}
	return out, nil
}

// key returns a data key from the cache, or from the partition.
func (k *Keyring) key(id store.KeyID) (*dataKey, error) {
	k.mu.RLock()
	if id < store.KeyID(len(k.keys)) {
		if d := k.keys[id]; d != nil {
			k.mu.RUnlock()
			return d, nil
		}
	}
	k.mu.RUnlock()
	return k.load(id)
}

func (k *Keyring) load(id store.KeyID) (*dataKey, error) {
	var d *dataKey
	err := k.partition.View(context.Background(), func(r store.Reader) error {
		key := rowKey(id)
		row, err := r.Get(key)
		if err != nil {
			return err
		}
		plain, err := k.unwrap(key, row)
		if err != nil {
			return err
		}
		d = newDataKey(plain)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("data key %d: %w", id, err)
	}
	return k.cache(id, d), nil
}

// cache remembers d and returns it, or the one that is remembered already.
func (k *Keyring) cache(id store.KeyID, d *dataKey) *dataKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := int(id) + 1; n > len(k.keys) {
		k.keys = append(k.keys, make([]*dataKey, n-len(k.keys))...)
	}
	if k.keys[id] == nil {
		k.keys[id] = d
	}
	return k.keys[id]
}

func rowKey(id store.KeyID) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(rowPrefix), uint64(id))
}

func keyIDOf(rowKey []byte) store.KeyID {
	return store.KeyID(binary.BigEndian.Uint64(rowKey[len(rowPrefix):]))
}

// wrap returns the row of a data key. The row is bound to its id.
func (k *Keyring) wrap(id store.KeyID, plain []byte) []byte {
	row := make([]byte, 1+nonceSize, rowSize)
	row[0] = rowVersion
	rand.Read(row[1:])
	return k.master.Seal(row, row[1:], plain, rowKey(id))
}

func (k *Keyring) unwrap(key, row []byte) ([]byte, error) {
	switch {
	case len(key) != len(rowPrefix)+8 || len(row) == 0:
		return nil, fmt.Errorf("row of a data key: %w", store.ErrCorrupt)
	case row[0] != rowVersion:
		return nil, fmt.Errorf("data key is stored in version %d, this release knows %d", row[0], rowVersion)
	case len(row) != rowSize:
		return nil, fmt.Errorf("row of data key %d has %d bytes: %w", keyIDOf(key), len(row), store.ErrCorrupt)
	}
	plain, err := k.master.Open(nil, row[1:1+nonceSize], row[1+nonceSize:], key)
	if err != nil {
		return nil, fmt.Errorf("data key %d: %w", keyIDOf(key), ErrMasterKey)
	}
	return plain, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
