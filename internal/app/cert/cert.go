// Package cert owns the server's own certificate: an authority made once, and a
// certificate that it signs, renewed before it ends. A certificate that the user
// gives is read again when told to.
//
// Files in the folder: ca.pem, ca-key.pem, server.pem, server-key.pem; keys have
// mode 0600. A Source is safe for concurrent use: a handshake reads one atomic
// pointer.
package cert

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/base/clock"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// serverLife is what browsers accept at most (398 days), less a day.
	serverLife = 397 * 24 * time.Hour
	renewAhead = 30 * 24 * time.Hour
	checkEvery = 12 * time.Hour
)

// Source presents the certificate of now.
type Source struct {
	current atomic.Pointer[tls.Certificate]
	load    func() (*tls.Certificate, error)

	mu     sync.Mutex // orders reloads, guards timer
	clock  clock.Clock
	timer  clock.Timer
	closed bool
}

// Given returns a source of the user's own certificate chain and key.
func Given(certFile, keyFile string) (*Source, error) {
	s := &Source{load: func() (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", certFile, keyFile, err)
		}
		return &c, nil
	}}
	return s, s.Reload()
}

// Made returns a source of a certificate for localhost and further names,
// signed by the authority in dir; both are made where they are missing.
func Made(dir string, names []string, c clock.Clock) (*Source, error) {
	names = append([]string{"localhost", "127.0.0.1", "::1"}, names...)
	slices.Sort(names)
	names = slices.Compact(names)
	s := &Source{clock: c, load: func() (*tls.Certificate, error) { return serverCertificate(dir, names, c.Now()) }}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = c.AfterFunc(checkEvery, s.renew)
	return s, nil
}

// renew runs twice a day. A failure leaves the certificate that is there.
func (s *Source) renew() {
	_ = s.Reload()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.timer = s.clock.AfterFunc(checkEvery, s.renew)
	}
}

// Reload reads the files again, and renews a certificate of our own that is
// about to end. On an error the one before stays.
func (s *Source) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.load()
	if err == nil {
		s.current.Store(c)
	}
	return err
}

// GetCertificate is for tls.Config.
func (s *Source) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.current.Load(), nil
}

// NotAfter tells when the certificate of now ends.
func (s *Source) NotAfter() time.Time { return s.current.Load().Leaf.NotAfter }

// Close ends renewal.
func (s *Source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

// Authority returns the certificate of the authority in dir, PEM. The error is
// fs.ErrNotExist where none was made yet.
func Authority(dir string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, "ca.pem")) }

// serverCertificate returns the certificate in dir, or a new one where that is
// missing, ends soon, was signed by another authority, or has not these names.
func serverCertificate(dir string, names []string, now time.Time) (*tls.Certificate, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	ca, err := readPair(dir, "ca")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if ca, err = makeAuthority(now); err == nil {
			err = writePair(dir, "ca", ca)
		}
	case err == nil && now.After(ca.Leaf.NotAfter):
		err = fmt.Errorf("the authority ended on %s; remove %s to make another, and have clients trust it (millrace admin ca)",
			ca.Leaf.NotAfter.Format(time.DateOnly), filepath.Join(dir, "ca*.pem"))
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}

	// A pair that cannot be read, or does not match since a crash came between its
	// two files, is made again: it is worth nothing.
	server, err := readPair(dir, "server")
	if err == nil && server.Leaf.CheckSignatureFrom(ca.Leaf) == nil &&
		now.Before(server.Leaf.NotAfter.Add(-renewAhead)) && slices.Equal(namesOf(server.Leaf), names) {
		return server, nil
	}
	if server, err = makeServer(ca, names, now); err == nil {
		err = writePair(dir, "server", server)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return server, nil
}

// namesOf returns the sorted names and addresses of a certificate.
func namesOf(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return names
}

// splitNames tells addresses from names.
func splitNames(names []string) (dns []string, ips []net.IP) {
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			ips = append(ips, ip)
		} else {
			dns = append(dns, n)
		}
	}
	return dns, ips
}

func readPair(dir, name string) (*tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem"))
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// writePair writes the key before the certificate: a crash between the two
// leaves an authority that is not there yet, and is made again.
func writePair(dir, name string, c *tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return err
	}
	if err := datadir.WriteFile(filepath.Join(dir, name+"-key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		return err
	}
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return datadir.WriteFile(filepath.Join(dir, name+".pem"), chain, 0o644)
}
