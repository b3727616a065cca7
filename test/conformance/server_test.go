package conformance

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/internal/child"
	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/sdk"
)

// The root key of every server here.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	account   = "000000000000"
	region    = "us-east-1"
)

// server is a process of the program on a data directory of its own.
type server struct {
	t      *testing.T
	binary func(testing.TB) string
	dir    string
	args   []string

	*child.Process
	url string // plaintext
	tls string
}

// start starts a server that stops with the test. Shard limits are off, and
// transitions short, unless args say otherwise.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, binary: program.Released, dir: t.TempDir(), args: append([]string{"--shard-limits=off", "--transition-delay=50ms"}, args...)}
	s.launch()
	return s
}

func (s *server) launch() {
	s.t.Helper()
	if testing.Short() {
		program.Skip(s.t, "official clients are not run with -short")
	}
	p, err := child.Start(child.Options{
		Binary: s.binary(s.t), Dir: s.dir,
		Args: append([]string{"server", "--data=" + filepath.Join(s.dir, "data"), "--listen=127.0.0.1:0", "--tls-listen=127.0.0.1:0"}, s.args...),
		Env:  []string{"PATH=" + os.Getenv("PATH"), "MILLRACE_ROOT_ACCESS_KEY_ID=" + accessKey, "MILLRACE_ROOT_SECRET_ACCESS_KEY=" + secretKey},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if _, err := p.Stop(15 * time.Second); err != nil {
			s.t.Error(err)
		}
		if s.t.Failed() {
			s.t.Logf("the server said:\n%s", p.Text())
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.Serving(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.Process, s.url, s.tls = p, p.HTTP(), p.TLS()
}

// crash ends the process as kill -9 does, and starts another on its data.
func (s *server) crash() {
	s.t.Helper()
	s.Kill()
	s.launch()
}

// ca is the file of the authority that signed the server's certificate.
func (s *server) ca() string { return filepath.Join(s.dir, "data", "tls", "ca.pem") }

// client returns a client of the Go SDK for the root of the default account.
func (s *server) client() *kinesis.Client { return s.clientOf(region, accessKey, secretKey) }

func (s *server) clientOf(region, key, secret string) *kinesis.Client {
	return sdk.Kinesis(s.url, region, key, secret)
}
