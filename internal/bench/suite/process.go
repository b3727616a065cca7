package suite

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/bench"
	"github.com/millrace/millrace/internal/child"
)

// startTimeout is how long a child may take until it serves.
const startTimeout = 60 * time.Second

var credentials = sigv4.Credentials{AccessKeyID: "millrace-bench", SecretAccessKey: "only-for-the-benchmarks-own-server"}

// process is a child, a server or a probe, and the folder that it works in.
type process struct {
	*child.Process               // nil until one was started
	dir            string        // the child's data
	host           string        // its address
	ready          time.Duration // from its start to its first ready answer
}

// start starts the program with a new data directory.
func (s *suite) start(args ...string) (*process, error) {
	dir, err := os.MkdirTemp(s.dir, "run-")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir}
	if err := p.run(s.o.Binary, nil, args); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// run starts the child on p's directory and waits until it serves.
func (p *process) run(binary string, env, args []string) (err error) {
	args = append(args[:len(args):len(args)], "--listen", "127.0.0.1:0", "--data", filepath.Join(p.dir, "data"))
	env = append(environment(), append(env, "MILLRACE_ROOT_ACCESS_KEY_ID="+credentials.AccessKeyID, "MILLRACE_ROOT_SECRET_ACCESS_KEY="+credentials.SecretAccessKey)...)
	if p.Process, err = child.Start(child.Options{Binary: binary, Args: args, Dir: p.dir, Env: env}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := p.Serving(ctx); err != nil {
		return fmt.Errorf("%s %s: %w", binary, args[0], err)
	}
	p.host = strings.TrimPrefix(p.HTTP(), "http://")
	if args[0] != "server" {
		return nil
	}
	r, err := http.Get(p.HTTP() + "/_millrace/ready")
	if err != nil {
		return p.Explain(err)
	}
	p.ready = time.Since(p.Began())
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return p.Explain(fmt.Errorf("ready: HTTP status %d", r.StatusCode))
	}
	return nil
}

// environment is this process's without settings of the server.
func environment() (env []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MILLRACE_") {
			env = append(env, v)
		}
	}
	return env
}

// stopTimeout is how long a child may take to end by itself.
const stopTimeout = 15 * time.Second

// stop ends the child as an operator does.
func (p *process) stop() error {
	status, err := p.Stop(stopTimeout)
	if err == nil && status != 0 {
		err = p.Explain(fmt.Errorf("the server stopped with status %d", status))
	}
	return err
}

// discard ends the child and removes its data.
func (p *process) discard() {
	if p.Process != nil {
		p.Kill()
	}
	_ = os.RemoveAll(p.dir) // the suite removes all of it again at its end
}

// target is the child as loads address it.
func (p *process) target() bench.Target {
	return bench.Target{Host: p.host, Region: "us-east-1", Credentials: credentials}
}

// stream makes a stream of that many shards.
func (p *process) stream(ctx context.Context, shards int) (bench.Stream, error) {
	s := bench.Stream{Name: "bench", Target: p.target()}
	if err := s.Create(ctx, shards); err != nil {
		return s, p.Explain(err)
	}
	return s, nil
}

// queue makes a queue of SQS, a FIFO queue if the name says so.
func (p *process) queue(ctx context.Context, name string) (bench.Queue, error) {
	attributes := map[string]string{}
	if strings.HasSuffix(name, ".fifo") {
		attributes["FifoQueue"] = "true"
	}
	q, err := bench.CreateQueue(ctx, p.target(), name, attributes)
	if err != nil {
		err = p.Explain(err)
	}
	return q, err
}
