package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// EmptyHash is the SHA-256 of nothing.
const EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Verifier verifies signatures and remembers signing keys. The zero value is
// ready; it must not be copied.
type Verifier struct {
	keys    keyCache
	buffers sync.Pool // *[]byte, for canonical requests
}

// Verify reports whether s, which Parse has read from r without an error, was
// made with the secret. bodyHash is the SHA-256 of the body in lower-case
// hexadecimal; it is not looked at where the signature does not cover it. now is
// the server's time. The error is an *api.Error.
func (v *Verifier) Verify(r *Request, s *Signature, secret, bodyHash string, now time.Time) error {
	if err := current(s, now); err != nil {
		return err
	}
	if err := covered(r, s); err != nil {
		return err
	}
	hash, ok := payloadHash(s, bodyHash)
	if !ok {
		return errMismatch()
	}
	buf, _ := v.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	canonical, ok := appendCanonical((*buf)[:0], r, s, hash)
	sum := sha256.Sum256(canonical)
	*buf = canonical
	v.buffers.Put(buf)
	if !ok {
		return errMismatch()
	}
	key, cached := v.keys.get(secret, s.Scope)
	if !cached {
		key = deriveKey(secret, s.Scope)
	}
	var hexSum [64]byte
	hex.Encode(hexSum[:], sum[:])
	want := stringToSign(key[:], s, hexSum[:])
	if !equal(want, s.Signature) {
		return errMismatch()
	}
	if !cached {
		v.keys.put(secret, s.Scope, key)
	}
	s.key, s.verified = key, true
	return nil
}

// current compares the signature's time with the server's.
func current(s *Signature, now time.Time) error {
	if s.Time.After(now.Add(Skew)) {
		return errEarly(s.Timestamp, now)
	}
	allowed := Skew
	if s.Presigned {
		allowed = s.Expires
	}
	if s.Time.Before(now.Add(-allowed)) {
		return errExpired(s.Timestamp, now, allowed)
	}
	return nil
}

// covered reports whether what must be signed is signed: the host, and every
// x-amz- header that the request has.
func covered(r *Request, s *Signature) error {
	if !signs(s.SignedHeaders, "host") && !signs(s.SignedHeaders, ":authority") {
		return api.ErrInvalidSignature.New("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !signsCanonical(s.SignedHeaders, name) {
			return &api.Error{Shape: api.ErrInvalidSignature, Message: "'" + strings.ToLower(name) + "' must be a 'SignedHeader' in the AWS Authorization."}
		}
	}
	return nil
}

// signs reports whether the list of signed headers has the name.
func signs(list, name string) bool {
	for list != "" {
		var n string
		n, list, _ = strings.Cut(list, ";")
		if n == name {
			return true
		}
	}
	return false
}

// signsCanonical is signs for a name in canonical form.
func signsCanonical(list, name string) bool {
	for list != "" {
		var n string
		n, list, _ = strings.Cut(list, ";")
		if len(n) == len(name) && strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// payloadHash returns the last line of the canonical request; ok is false where
// the request names a hash that its body does not have.
func payloadHash(s *Signature, bodyHash string) (hash string, ok bool) {
	switch h := s.PayloadHash; {
	case h == "" && s.Presigned && s.Scope.Service == "s3":
		return UnsignedPayload, true
	case h == "":
		return bodyHash, true
	case h == UnsignedPayload || s.Streaming():
		return h, true
	default:
		return h, strings.EqualFold(h, bodyHash)
	}
}

// stringToSign signs the hash of a canonical request.
func stringToSign(key []byte, s *Signature, hexSum []byte) [64]byte {
	sum := mac(key, Algorithm, "\n", s.Timestamp, "\n", s.Scope.Date, "/", s.Scope.Region, "/", s.Scope.Service, "/", terminator, "\n", string(hexSum))
	var out [64]byte
	hex.Encode(out[:], sum[:])
	return out
}

// equal compares signatures in constant time.
func equal(want [64]byte, got string) bool {
	if len(got) != len(want) {
		return false
	}
	var g [64]byte
	copy(g[:], got)
	return subtle.ConstantTimeCompare(want[:], g[:]) == 1
}
