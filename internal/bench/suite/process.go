package suite

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/bench"
)

// startTimeout is how long a child may take until it serves.
const startTimeout = 60 * time.Second

var credentials = sigv4.Credentials{AccessKeyID: "millrace-bench", SecretAccessKey: "only-for-the-benchmarks-own-server"}

// serves finds the address in the line with which a child says that it serves.
var serves = regexp.MustCompile(` serves http://(\S+?:\d+)`)

// process is a child: a server or a probe.
type process struct {
	cmd    *exec.Cmd
	dir    string // the child's data and log
	host   string
	ready  time.Duration // from its start to its first ready answer
	exited chan struct{}
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
func (p *process) run(binary string, env, args []string) error {
	args = append(args[:len(args):len(args)], "--listen", "127.0.0.1:0", "--data", filepath.Join(p.dir, "data"))
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir, p.cmd.Stderr = p.dir, log
	p.cmd.Env = append(environment(), "MILLRACE_ROOT_ACCESS_KEY_ID="+credentials.AccessKeyID, "MILLRACE_ROOT_SECRET_ACCESS_KEY="+credentials.SecretAccessKey)
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := serves.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
	}()
	exited := make(chan struct{})
	p.exited = exited
	go func() {
		<-read
		_ = p.cmd.Wait() // its log tells more
		close(exited)
	}()
	select {
	case p.host = <-address:
	case <-p.exited:
		return p.explain(fmt.Errorf("%s %s ended before it served", binary, args[0]))
	case <-time.After(startTimeout):
		return p.explain(fmt.Errorf("%s %s did not serve within %v", binary, args[0], startTimeout))
	}
	if args[0] != "server" {
		return nil
	}
	r, err := http.Get("http://" + p.host + "/_millrace/ready")
	if err != nil {
		return p.explain(err)
	}
	p.ready = time.Since(began)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return p.explain(fmt.Errorf("ready: HTTP status %d", r.StatusCode))
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

func (p *process) logFile() string { return filepath.Join(p.dir, "log.txt") }

// explain adds the end of the child's log to an error.
func (p *process) explain(err error) error {
	log, _ := os.ReadFile(p.logFile()) // without it the error says less
	if len(log) > 1000 {
		log = log[len(log)-1000:]
	}
	if len(log) == 0 {
		return err
	}
	return fmt.Errorf("%w; its log ends with: %s", err, strings.TrimSpace(string(log)))
}

// stopTimeout is how long a child may take to end by itself.
const stopTimeout = 15 * time.Second

// stop ends the child as an operator does.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.kill()
		return p.explain(fmt.Errorf("the server did not stop within %v", stopTimeout))
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return p.explain(fmt.Errorf("the server stopped with status %d", code))
	}
	return nil
}

// kill ends the child as kill -9 does.
func (p *process) kill() {
	if p.exited == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may be gone
	<-p.exited
}

// discard ends the child and removes its data.
func (p *process) discard() {
	p.kill()
	_ = os.RemoveAll(p.dir) // the suite removes all of it again at its end
}

// stream makes a stream of that many shards; of none, it only names one.
func (p *process) stream(ctx context.Context, shards int) (bench.Stream, error) {
	s := bench.Stream{Name: "bench", Target: bench.Target{Host: p.host, Region: "us-east-1", Credentials: credentials}}
	if shards == 0 {
		return s, nil
	}
	if err := s.Create(ctx, shards); err != nil {
		return s, p.explain(err)
	}
	return s, nil
}
