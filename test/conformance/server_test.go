package conformance

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/test/sdk"
)

// The root key of every server here.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	account   = "000000000000"
	region    = "us-east-1"
)

// server is a process of the binary on a data directory of its own.
type server struct {
	t      *testing.T
	binary string
	dir    string
	args   []string

	cmd  *exec.Cmd
	done chan struct{}
	url  string // plaintext
	tls  string

	mu     sync.Mutex
	output bytes.Buffer
}

// start starts a server that stops with the test. Shard limits are off, and
// transitions short, unless args say otherwise.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, binary: binary, dir: t.TempDir(), args: append([]string{"--shard-limits=off", "--transition-delay=50ms"}, args...)}
	s.launch()
	return s
}

var serves = regexp.MustCompile(`serves (http://[^\s,]+) and (https://[^\s,]+)`)

func (s *server) launch() {
	s.t.Helper()
	if testing.Short() {
		skip(s.t, "official clients are not run with -short")
	}
	args := append([]string{"server", "--data=" + filepath.Join(s.dir, "data"), "--listen=127.0.0.1:0", "--tls-listen=127.0.0.1:0"}, s.args...)
	s.cmd = exec.Command(s.binary, args...)
	s.cmd.Dir = s.dir
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "MILLRACE_ROOT_ACCESS_KEY_ID=" + accessKey, "MILLRACE_ROOT_SECRET_ACCESS_KEY=" + secretKey}
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, done, ready := s.cmd, make(chan struct{}), make(chan []string, 1)
	s.done = done
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.mu.Lock()
			s.output.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if m := serves.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		_ = cmd.Wait() // its state says how it ended
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
		if s.t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.t.Logf("the server said:\n%s", s.output.String())
		}
	})
	select {
	case m := <-ready:
		s.url, s.tls = m[1], m[2]
	case <-done:
		s.t.Fatalf("the server ended:\n%s", s.output.String())
	case <-time.After(30 * time.Second):
		s.t.Fatal("the server does not serve")
	}
}

// crash ends the process as kill -9 does, and starts another on its data.
func (s *server) crash() {
	s.t.Helper()
	_ = s.cmd.Process.Kill()
	<-s.done
	s.launch()
}

// ca is the file of the authority that signed the server's certificate.
func (s *server) ca() string { return filepath.Join(s.dir, "data", "tls", "ca.pem") }

// client returns a client of the Go SDK for the root of the default account.
func (s *server) client() *kinesis.Client { return s.clientOf(region, accessKey, secretKey) }

func (s *server) clientOf(region, key, secret string) *kinesis.Client {
	return sdk.Kinesis(s.url, region, key, secret)
}
