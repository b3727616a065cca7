package cli

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var servesTLS = regexp.MustCompile(`https://([0-9.:]+)`)

// presented returns the certificate that a TLS client accepts from the server.
func (s *server) presented(ca []byte, name string) (*x509.Certificate, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name}}
	c, err := d.DialContext(s.t.Context(), "tcp", servesTLS.FindStringSubmatch(s.Text())[1])
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

func TestTLSByTheServersOwnAuthority(t *testing.T) {
	data := dataDir(t)
	s := start(t, nil, data, "--tls-san=mill.example,10.1.2.3")
	_, ca, _ := run(t, nil, "admin", "ca", data)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "mill.example", "10.1.2.3"} {
		if _, err := s.presented([]byte(ca), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.presented([]byte(ca), "other.example"); err == nil {
		t.Error("a name that was not asked for is in the certificate")
	}
}

func TestGivenCertificateIsReadAgainOnSIGHUP(t *testing.T) {
	// Two servers make two certificates; a third presents one, then the other.
	var cas, dirs []string
	for range 2 {
		data := dataDir(t)
		start(t, nil, data)
		_, ca, _ := run(t, nil, "admin", "ca", data)
		cas, dirs = append(cas, ca), append(dirs, filepath.Join(strings.TrimPrefix(data, "--data="), "tls"))
	}
	mine := t.TempDir()
	install := func(from string) {
		for _, f := range []string{"server.pem", "server-key.pem"} {
			text, err := os.ReadFile(filepath.Join(from, f))
			if err == nil {
				err = os.WriteFile(filepath.Join(mine, f), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	install(dirs[0])
	s := start(t, nil, dataDir(t), "--tls-cert="+filepath.Join(mine, "server.pem"), "--tls-key="+filepath.Join(mine, "server-key.pem"))
	if _, err := s.presented([]byte(cas[0]), "localhost"); err != nil {
		t.Fatal(err)
	}
	install(dirs[1])
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.waitFor("the certificate was read again")
	if _, err := s.presented([]byte(cas[1]), "localhost"); err != nil {
		t.Errorf("the new certificate is not presented: %v", err)
	}
	if status, took := s.stop(syscall.SIGTERM); status != 0 || took > 5*time.Second {
		t.Errorf("exit status %d after %v", status, took)
	}
}

func TestPprofOnRequest(t *testing.T) {
	s := start(t, nil, dataDir(t), "--pprof")
	for _, path := range []string{"", "goroutine?debug=1", "heap", "cmdline"} {
		if status, body := s.get("/_millrace/pprof/" + path); status != 200 || body == "" {
			t.Errorf("%q: status %d", path, status)
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := start(t, nil, dataDir(t), "--auth=open")
	// A request whose body does not come keeps the server from draining.
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.http, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Kinesis_20131202.ListStreams\r\nX-Amz-Date: %s\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=%064d\r\n"+
		"Content-Type: application/x-amz-json-1.1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", time.Now().UTC().Format("20060102T150405Z"), 0)
	resp, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(resp, "100 Continue") {
		t.Fatalf("the server does not wait for the body: %q, %v", resp, err)
	}
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.waitFor("stopping")
	if status, _ := s.stop(syscall.SIGINT); status != exitFailed || !strings.Contains(s.Text(), "second signal") {
		t.Errorf("exit status %d", status)
	}
}

func TestOpenModeTakesAnyKeyFromThisMachine(t *testing.T) {
	s := start(t, nil, dataDir(t), "--auth=open")
	if !strings.Contains(s.Text(), "--auth=open") {
		t.Error("the start does not warn")
	}
	for host, want := range map[string]bool{"localhost": true, "evil.example": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http+"/", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/"+time.Now().UTC().Format("20060102")+"/us-east-1/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := !strings.Contains(string(body), "AccessDenied"); err != nil || got != want {
			t.Errorf("Host %s: status %d, %s", host, resp.StatusCode, body)
		}
	}
}
