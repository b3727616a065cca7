package authn

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/base/clock"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func authenticator(t *testing.T, open bool) *Authenticator {
	t.Helper()
	a, err := New(Options{Open: open, Clock: clock.NewFake(now), Accounts: []Account{
		{"000000000000", "ROOT", "secret"}, {"111111111111", "OTHER", "other"}}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func request(key, secret, token, host string) *sigv4.Request {
	r, _ := http.NewRequest("POST", "http://"+host+"/", nil)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}, sigv4.EmptyHash,
		sigv4.Scope{Region: "eu-west-1", Service: "kinesis"}, now)
	return &sigv4.Request{Method: "POST", Path: "/", Host: host, Header: r.Header}
}

func identify(a *Authenticator, r *sigv4.Request, service string) (*api.Principal, error) {
	var s sigv4.Signature
	if err := a.Claim(r, &s); err != nil {
		return nil, err
	}
	return a.Verify(r, &s, service, sigv4.EmptyHash)
}

func TestWhoSigned(t *testing.T) {
	for _, c := range []struct {
		name                    string
		open                    bool
		key, secret, token, api string
		host, account           string
		shape                   *api.ErrorShape
	}{
		{"root", false, "ROOT", "secret", "", "kinesis", "h:1", "000000000000", nil},
		{"further account", false, "OTHER", "other", "", "kinesis", "h", "111111111111", nil},
		{"wrong secret", false, "ROOT", "other", "", "kinesis", "h", "", api.ErrInvalidSignature},
		{"unknown key", false, "NOBODY", "secret", "", "kinesis", "h", "", api.ErrUnrecognizedClient},
		{"token", false, "ROOT", "secret", "token", "kinesis", "h", "", api.ErrUnrecognizedClient},
		{"other service", false, "ROOT", "secret", "", "sqs", "h", "", api.ErrInvalidSignature},
		{"open, any key", true, "x", "y", "z", "sqs", "localhost:4566", "000000000000", nil},
		{"open, account", true, "222222222222", "y", "", "sqs", "127.0.0.1:4566", "222222222222", nil},
		{"open, known key", true, "OTHER", "y", "", "sqs", "[::1]:4566", "111111111111", nil},
		{"open, foreign host", true, "x", "y", "", "sqs", "evil.example", "", api.ErrAccessDenied},
	} {
		p, err := identify(authenticator(t, c.open), request(c.key, c.secret, c.token, c.host), c.api)
		if c.shape != nil {
			if !errors.Is(err, &api.Error{Shape: c.shape}) {
				t.Errorf("%s: %v, want %s", c.name, err, c.shape.Code)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.Account != c.account || p.ARN != "arn:aws:iam::"+c.account+":root" || !p.Root {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

func TestAccountsMustBeUsable(t *testing.T) {
	for name, accounts := range map[string][]Account{
		"none":           nil,
		"short id":       {{"1", "A", "s"}},
		"no secret":      {{"000000000000", "A", ""}},
		"key used twice": {{"000000000000", "A", "s"}, {"000000000001", "A", "t"}},
	} {
		if _, err := New(Options{Accounts: accounts}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKnows(t *testing.T) {
	a := authenticator(t, false)
	if !a.Knows("ROOT", "secret") || a.Knows("ROOT", "") || a.Knows("ROOT", "other") || a.Knows("x", "secret") {
		t.Error("basic credentials are not told apart")
	}
}

func TestLoopbackHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:1": true, "a.localhost:1": true, "127.9.9.9": true, "[::1]:4566": true, "::1": true,
		"": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "10.0.0.1": false, "[::]:1": false,
	} {
		if got := IsLoopbackHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
