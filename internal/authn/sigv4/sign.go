package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // empty for a key that does not end
}

// Sign signs the request in its Authorization header, and sets X-Amz-Date and,
// where there is a session token, X-Amz-Security-Token. bodyHash is the SHA-256
// of the body in hexadecimal; the body itself is not read. All headers that the
// request has by now are signed, but for those that proxies and clients change.
func Sign(r *http.Request, c Credentials, bodyHash string, scope Scope, at time.Time) {
	s := Signature{AccessKeyID: c.AccessKeyID, Scope: scope, Timestamp: FormatTime(at)}
	s.Scope.Date = s.Timestamp[:8]
	r.Header.Set("X-Amz-Date", s.Timestamp)
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	names := []string{"host"}
	for name := range r.Header {
		switch name = strings.ToLower(name); name {
		case "authorization", "user-agent", "connection", "expect", "transfer-encoding", "x-amzn-trace-id", "accept-encoding", "content-length", "host":
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	s.SignedHeaders = strings.Join(names, ";")
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if h := r.Header.Get("X-Amz-Content-Sha256"); h != "" {
		bodyHash = h
	}
	canonical, _ := appendCanonical(nil, &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: host, Header: r.Header, ContentLength: -1,
	}, &s, bodyHash)
	sum := sha256.Sum256(canonical)
	key := deriveKey(c.SecretAccessKey, s.Scope)
	signature := stringToSign(key[:], &s, hex.AppendEncode(nil, sum[:]))
	r.Header.Set("Authorization", Algorithm+" Credential="+s.AccessKeyID+"/"+s.Scope.Date+"/"+scope.Region+"/"+scope.Service+"/"+terminator+
		", SignedHeaders="+s.SignedHeaders+", Signature="+string(signature[:]))
}

// HashBody returns the SHA-256 of a body in hexadecimal, as Sign and Verify
// want it.
func HashBody(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
