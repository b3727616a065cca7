// Package sigv4 verifies and makes AWS Signature Version 4: in the
// Authorization header, in the query string (presigned), and over the chunks of
// a streamed body.
//
// It owns the parsing of what a request claims ([Parse]), the canonical form,
// the derivation of signing keys and their cache ([Verifier]), and the client's
// half ([Sign]). It knows no users: who owns an access key is the caller's
// business. What a caller did wrong comes back as *api.Error in AWS's words
// (reference kinesis-streams §2.3).
//
// Invariants: signatures are compared in constant time; a signing key enters
// the cache only after a signature made with it was verified, so that nobody can
// fill the cache without a secret; the cache is bounded.
//
// Verifier is safe for concurrent use; Request, Signature and Chunks belong to
// one goroutine at a time.
package sigv4

import (
	"net/http"
	"time"
)

// Algorithm is the only algorithm that is verified.
const Algorithm = "AWS4-HMAC-SHA256"

// terminator ends every credential scope.
const terminator = "aws4_request"

// Skew is how far a request's time may be from the server's, either way.
const Skew = 5 * time.Minute

// MaxExpires is the longest life of a presigned request: 7 days.
const MaxExpires = 7 * 24 * time.Hour

// Values of x-amz-content-sha256 that are not a hash.
const (
	UnsignedPayload          = "UNSIGNED-PAYLOAD"
	StreamingPayload         = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingPayloadTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// Request is what a signature covers, except for the body.
type Request struct {
	Method        string
	Path          string // as it was sent, still escaped
	Query         string // as it was sent, still escaped
	Host          string // as it was sent, with its port if it had one
	Header        http.Header
	ContentLength int64 // for requests that sign content-length; -1 where unknown
}

// Signature is what a request claims about itself. It aliases the request.
type Signature struct {
	AccessKeyID string
	Scope       Scope
	Timestamp   string    // 20260102T150405Z, as it is signed
	Time        time.Time // the same
	// SignedHeaders is the list as it was sent: lower case, between semicolons.
	SignedHeaders string
	Signature     string // 64 hexadecimal digits, if the caller is honest
	Token         string // the session token, or empty
	Presigned     bool   // in the query string
	Expires       time.Duration
	// PayloadHash is x-amz-content-sha256 as it was sent, or empty.
	PayloadHash string

	key      [32]byte // the signing key, once Verify has succeeded
	verified bool
}

// Scope is the part of a credential that narrows it.
type Scope struct{ Date, Region, Service string }

// Streaming reports whether the body is sent in signed or unsigned aws-chunks,
// so that the signature does not cover a hash of it.
func (s *Signature) Streaming() bool {
	switch s.PayloadHash {
	case StreamingPayload, StreamingPayloadTrailer, StreamingUnsignedTrailer:
		return true
	}
	return false
}
