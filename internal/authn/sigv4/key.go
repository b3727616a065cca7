package sigv4

import (
	"crypto/sha256"
	"strings"
	"sync"
)

// mac is HMAC-SHA256 (RFC 2104) in two hashes on the stack: crypto/hmac
// allocates its state, which here costs more than the hashing. Keys are at most
// a block long; text is at most macText bytes, longer text takes the heap.
func mac(key []byte, text ...string) [32]byte {
	var block [sha256.BlockSize]byte
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	const macText = 384
	var space [sha256.BlockSize + macText]byte
	copy(block[:], key)
	for i := range block {
		space[i] = block[i] ^ 0x36
	}
	inner := space[:len(block)]
	for _, t := range text {
		inner = append(inner, t...)
	}
	sum := sha256.Sum256(inner)
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range block {
		outer[i] = block[i] ^ 0x5c
	}
	copy(outer[len(block):], sum[:])
	return sha256.Sum256(outer[:])
}

// deriveKey makes the key that signs for one day, region and service.
func deriveKey(secret string, s Scope) [32]byte {
	var space [128]byte
	k := mac(append(append(space[:0], "AWS4"...), secret...), s.Date)
	k = mac(k[:], s.Region)
	k = mac(k[:], s.Service)
	return mac(k[:], terminator)
}

// keyID names a signing key. The secret is part of it, so that a changed secret
// never meets an old key.
type keyID struct {
	secret string
	scope  Scope
}

// maxKeys bounds the cache: keys of 16 regions and services for 256 users.
const maxKeys = 4096

// keyCache keeps signing keys that have proved themselves.
type keyCache struct {
	mu   sync.RWMutex
	keys map[keyID][32]byte
}

func (c *keyCache) get(secret string, s Scope) (key [32]byte, ok bool) {
	c.mu.RLock()
	key, ok = c.keys[keyID{secret, s}]
	c.mu.RUnlock()
	return key, ok
}

// put keeps a key. A full cache starts anew: keys change each day anyway.
func (c *keyCache) put(secret string, s Scope, key [32]byte) {
	// The scope aliases the request's memory, which the cache must not keep.
	s = Scope{strings.Clone(s.Date), strings.Clone(s.Region), strings.Clone(s.Service)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxKeys {
		c.keys = make(map[keyID][32]byte)
	}
	c.keys[keyID{secret, s}] = key
}
