package keyring

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// The layout of a sealed message: version, salt, counter, ciphertext, tag. The
// nonce is the salt's last four bytes and the counter.
const (
	messageVersion = 1
	saltSize       = 16
	headerSize     = 1 + saltSize + 8

	// maxMessages is how many messages one message key encrypts.
	maxMessages = 1 << 32
	// maxOpeners bounds the message keys that one data key remembers for Open.
	// Each opening of the store adds one, as long as what it wrote is still read.
	maxOpeners = 64

	messageKeyInfo = "millrace message key 1"
)

// nonceOf returns the nonce of a message.
func nonceOf(message []byte) []byte { return message[headerSize-nonceSize : headerSize] }

// dataKey is one data key, unwrapped, with the message keys derived from it.
type dataKey struct {
	plain   []byte
	current atomic.Pointer[messageKey]

	mu      sync.RWMutex
	openers map[[saltSize]byte]cipher.AEAD
}

// messageKey is what one Keyring encrypts with.
type messageKey struct {
	salt [saltSize]byte
	aead cipher.AEAD
	used atomic.Uint64
}

func newDataKey(plain []byte) *dataKey {
	return &dataKey{plain: plain, openers: make(map[[saltSize]byte]cipher.AEAD)}
}

// next returns the message key to encrypt with and a counter that it was never
// used with.
func (d *dataKey) next() (*messageKey, uint64, error) {
	for {
		m := d.current.Load()
		if m != nil {
			if n := m.used.Add(1); n <= maxMessages {
				return m, n, nil
			}
		}
		fresh := new(messageKey)
		rand.Read(fresh.salt[:])
		var err error
		if fresh.aead, err = d.opener(fresh.salt); err != nil {
			return nil, 0, err
		}
		d.current.CompareAndSwap(m, fresh)
	}
}

// opener returns the cipher of the message key of that salt.
func (d *dataKey) opener(salt [saltSize]byte) (cipher.AEAD, error) {
	d.mu.RLock()
	aead := d.openers[salt]
	d.mu.RUnlock()
	if aead != nil {
		return aead, nil
	}
	return d.derive(salt)
}

// derive makes the cipher of a message key and remembers it. It is apart from
// opener because salt moves to the heap here.
//
//go:noinline
func (d *dataKey) derive(salt [saltSize]byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, d.plain, salt[:], messageKeyInfo, keySize)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.openers) >= maxOpeners {
		for old := range d.openers {
			delete(d.openers, old)
			break
		}
	}
	d.openers[salt] = aead
	return aead, nil
}
