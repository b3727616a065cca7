package cert

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// verify checks what a client would: the names, and the chain up to the authority.
func verify(t *testing.T, s *Source, dir, name string, now time.Time) {
	t.Helper()
	text, err := Authority(dir)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatal("the authority is no PEM")
	}
	c, _ := s.GetCertificate(nil)
	if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func TestMadeOnceAndKept(t *testing.T) {
	dir, c := t.TempDir(), clock.NewFake(start)
	first, err := Made(dir, []string{"mill.example", "10.0.0.7"}, c)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "mill.example", "10.0.0.7"} {
		verify(t, first, dir, name, start)
	}
	for _, f := range []string{"ca-key.pem", "server-key.pem"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f, info, err)
		}
	}

	again, err := Made(dir, []string{"10.0.0.7", "mill.example"}, c)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if string(again.current.Load().Certificate[0]) != string(first.current.Load().Certificate[0]) {
		t.Error("a second start made another certificate")
	}

	more, err := Made(dir, []string{"other.example"}, c)
	if err != nil {
		t.Fatal(err)
	}
	defer more.Close()
	verify(t, more, dir, "other.example", start)
}

func TestRenewedBeforeItEnds(t *testing.T) {
	dir, c := t.TempDir(), clock.NewFake(start)
	s, err := Made(dir, nil, c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	end := s.NotAfter()
	c.Advance(serverLife - renewAhead - time.Hour)
	if !s.NotAfter().Equal(end) {
		t.Error("renewed too early")
	}
	c.Advance(2 * checkEvery)
	if !s.NotAfter().After(end) {
		t.Error("not renewed")
	}
	verify(t, s, dir, "localhost", c.Now())
}

func TestGivenIsReadAgain(t *testing.T) {
	dir, c := t.TempDir(), clock.NewFake(start)
	a, err := Made(filepath.Join(dir, "a"), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	b, err := Made(filepath.Join(dir, "b"), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()

	cert, key := filepath.Join(dir, "a", "server.pem"), filepath.Join(dir, "a", "server-key.pem")
	s, err := Given(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.Reload() == nil {
		t.Error("nonsense was accepted")
	}
	if s.current.Load().Leaf == nil || !s.current.Load().Leaf.Equal(a.current.Load().Leaf) {
		t.Error("a failed reload changed the certificate")
	}
	for _, f := range []string{"server.pem", "server-key.pem"} {
		if err := os.Rename(filepath.Join(dir, "b", f), filepath.Join(dir, "a", f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Reload(); err != nil || !s.current.Load().Leaf.Equal(b.current.Load().Leaf) {
		t.Errorf("the new certificate is not presented: %v", err)
	}
	if _, err := Given(filepath.Join(dir, "none.pem"), key); err == nil {
		t.Error("a missing file was accepted")
	}
}
