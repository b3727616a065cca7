// Package authn tells who makes a call. It owns the root keys of the configured
// accounts and turns a signed request into an [api.Principal]; the signatures
// themselves are sigv4's. It decides nothing about what a principal may do.
//
// Invariants: in enforce mode no principal comes back without a verified
// signature. In open mode nothing is verified, and, unless it was told that any
// host is fine, only requests to a loopback host are answered, so that a web page
// in a browser cannot reach the server under a name of its own.
//
// An Authenticator is immutable and safe for concurrent use.
package authn

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/base/clock"
)

// Account is an account with the keys of its root.
type Account struct {
	ID              string // 12 digits
	AccessKeyID     string
	SecretAccessKey string
}

// Options configures an Authenticator.
type Options struct {
	// Accounts are the accounts that exist; the first is the default one. At
	// least one is needed.
	Accounts []Account
	// Open accepts any credentials without verifying them. An access key id of 12
	// digits names the account, an unknown one means the default account.
	Open bool
	// AnyHost lets open mode answer requests whose Host is not loopback.
	AnyHost bool
	Clock   clock.Clock
}

// Authenticator tells who makes a call.
type Authenticator struct {
	keys     map[string]*key
	standard *api.Principal
	open     bool
	anyHost  bool
	clock    clock.Clock
	verifier sigv4.Verifier
}

type key struct {
	secret    string
	principal api.Principal
}

// New returns an Authenticator. It fails where an account is not usable.
func New(o Options) (*Authenticator, error) {
	if len(o.Accounts) == 0 {
		return nil, errors.New("authn: no account")
	}
	a := &Authenticator{keys: make(map[string]*key), open: o.Open, anyHost: o.AnyHost, clock: o.Clock}
	for _, acc := range o.Accounts {
		switch {
		case !IsAccountID(acc.ID):
			return nil, fmt.Errorf("authn: account %q: an account id has 12 digits", acc.ID)
		case acc.AccessKeyID == "" || acc.SecretAccessKey == "":
			return nil, fmt.Errorf("authn: account %s: access key id and secret access key are both needed", acc.ID)
		case a.keys[acc.AccessKeyID] != nil:
			return nil, fmt.Errorf("authn: account %s: its access key id belongs to account %s", acc.ID, a.keys[acc.AccessKeyID].principal.Account)
		}
		k := &key{secret: acc.SecretAccessKey, principal: root(acc.ID, acc.AccessKeyID)}
		a.keys[acc.AccessKeyID] = k
		if a.standard == nil {
			a.standard = &k.principal
		}
	}
	return a, nil
}

func root(account, accessKeyID string) api.Principal {
	return api.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", AccessKeyID: accessKeyID, Root: true}
}

// Anonymous is who makes a call that nobody signed, in the default account.
func (a *Authenticator) Anonymous() *api.Principal {
	return &api.Principal{Account: a.standard.Account, Anonymous: true}
}

// Open reports whether nothing is verified, so that nobody needs the body's hash.
func (a *Authenticator) Open() bool { return a.open }

// Claim reads what the request claims into s, which is zero, and reports whether
// it is worth reading the body for: whether the request is signed in full and by
// a key that exists. The error is an *api.Error.
func (a *Authenticator) Claim(r *sigv4.Request, s *sigv4.Signature) error {
	if err := sigv4.Parse(r, s); err != nil {
		return err
	}
	if a.open {
		if !a.anyHost && !IsLoopbackHost(r.Host) {
			return api.ErrAccessDenied.New("Without verification of signatures this server answers only requests whose Host is loopback, such as localhost or 127.0.0.1.")
		}
		return nil
	}
	// Root keys have no session: a token with one is not ours.
	if a.keys[s.AccessKeyID] == nil || s.Token != "" {
		return api.ErrUnrecognizedClient.New("The security token included in the request is invalid.")
	}
	return nil
}

// Verify returns who signed the request, after a Claim without an error.
// service is the signing name of the service that is called, bodyHash the SHA-256
// of the body in hexadecimal. The error is an *api.Error.
func (a *Authenticator) Verify(r *sigv4.Request, s *sigv4.Signature, service, bodyHash string) (*api.Principal, error) {
	k := a.keys[s.AccessKeyID]
	if a.open {
		return a.trust(k, s.AccessKeyID), nil
	}
	if s.Scope.Service != service && service != "" {
		return nil, api.ErrInvalidSignature.New("Credential should be scoped to correct service: '%s'.", service)
	}
	if s.Scope.Region == "" {
		return nil, api.ErrInvalidSignature.New("Credential should be scoped to a valid region.")
	}
	if err := a.verifier.Verify(r, s, k.secret, bodyHash, a.clock.Now()); err != nil {
		return nil, err
	}
	return &k.principal, nil
}

// trust makes the principal of open mode.
func (a *Authenticator) trust(k *key, accessKeyID string) *api.Principal {
	switch {
	case k != nil:
		return &k.principal
	case IsAccountID(accessKeyID):
		p := root(strings.Clone(accessKeyID), strings.Clone(accessKeyID))
		return &p
	}
	return a.standard
}

// Knows reports whether this is an access key with its secret, as HTTP's basic
// authentication sends them. It takes the same time for every wrong secret.
func (a *Authenticator) Knows(accessKeyID, secret string) bool {
	k := a.keys[accessKeyID]
	if k == nil {
		return false
	}
	want, got := sha256.Sum256([]byte(k.secret)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// IsAccountID reports whether s has the form of an account id.
func IsAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// IsLoopbackHost reports whether a Host header, with or without a port, names
// this machine to itself: localhost and names below it, 127.0.0.0/8, ::1.
func IsLoopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
