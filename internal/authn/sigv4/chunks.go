package sigv4

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/millrace/millrace/internal/api"
)

// Chunks verifies the signatures of an aws-chunked body, each of which covers
// the one before it. The last chunk, which is empty, is verified like the others.
type Chunks struct {
	key       [32]byte
	timestamp string
	scope     Scope
	previous  [64]byte
}

// Chunks returns the verifier of the body's chunks. It panics unless Verify has
// succeeded, since it would verify nothing.
func (s *Signature) Chunks() *Chunks {
	if !s.verified {
		panic("sigv4: chunks of a signature that was not verified")
	}
	c := &Chunks{key: s.key, timestamp: s.Timestamp, scope: s.Scope}
	copy(c.previous[:], s.Signature)
	return c
}

// Chunk verifies the signature of one chunk's data. The error is an *api.Error.
func (c *Chunks) Chunk(data []byte, signature string) error {
	sum := sha256.Sum256(data)
	var h [64]byte
	hex.Encode(h[:], sum[:])
	return c.verify(c.sign("AWS4-HMAC-SHA256-PAYLOAD", EmptyHash+"\n"+string(h[:])), signature)
}

// Trailer verifies the signature of the trailing headers, which are given as
// they are signed: "name:value\n" each, names in lower case.
func (c *Chunks) Trailer(trailer []byte, signature string) error {
	sum := sha256.Sum256(trailer)
	var h [64]byte
	hex.Encode(h[:], sum[:])
	return c.verify(c.sign("AWS4-HMAC-SHA256-TRAILER", string(h[:])), signature)
}

// sign returns the signature of the next chunk or trailer.
func (c *Chunks) sign(kind, rest string) [64]byte {
	sum := mac(c.key[:], kind, "\n", c.timestamp, "\n", c.scope.Date, "/", c.scope.Region, "/", c.scope.Service, "/", terminator, "\n",
		string(c.previous[:]), "\n", rest)
	var out [64]byte
	hex.Encode(out[:], sum[:])
	return out
}

func (c *Chunks) verify(want [64]byte, signature string) error {
	if !equal(want, signature) {
		return api.ErrInvalidSignature.New(mismatchText)
	}
	c.previous = want
	return nil
}
