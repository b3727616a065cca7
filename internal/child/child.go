// Package child runs the program as a child of this process: a server, or a
// probe, that is started, watched, stopped and killed from outside. What
// measures a server and what tests one both need that, and do it here.
//
// A child does not outlive its parent where the system can see to that (Linux).
// Its input is empty; all that it prints goes into one text, of which the end is
// kept. A Process is safe for concurrent use.
package child

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say what to start.
type Options struct {
	Binary string
	Args   []string
	Dir    string   // the working directory; "" is this process's
	Env    []string // all of the environment
	// Prefix is a program, with its arguments, to start Binary under.
	Prefix []string
}

// Process is a child that was started.
type Process struct {
	cmd     *exec.Cmd
	began   time.Time
	serving chan struct{} // closed once the addresses are known
	done    chan struct{} // closed once it has ended and was reaped

	http, tls string // written before serving is closed

	mu    sync.Mutex
	text  []byte
	spoke chan struct{} // closed, and made anew, when text has grown
}

// serves finds the addresses in the line with which a child says that it serves.
var serves = regexp.MustCompile(` serves (http://[^\s,]+)(?: and (https://[^\s,]+))?`)

// maxText is how much of what a child prints is kept, in bytes.
const maxText = 1 << 20

// Start starts a child and does not wait for it to serve.
func Start(o Options) (*Process, error) {
	words := append(append(append([]string(nil), o.Prefix...), o.Binary), o.Args...)
	p := &Process{
		cmd: exec.Command(words[0], words[1:]...), serving: make(chan struct{}), done: make(chan struct{}), spoke: make(chan struct{}),
	}
	p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr = o.Dir, o.Env, attributes()
	if p.cmd.Env == nil {
		p.cmd.Env = []string{} // nil would be this process's own
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.cmd.Stdout
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.watch(out)
	return p, nil
}

// watch reads what the child prints until it has ended.
func (p *Process) watch(out io.Reader) {
	defer close(p.done)
	known := false
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if m := serves.FindStringSubmatch(line); m != nil && !known {
			known, p.http, p.tls = true, m[1], m[2]
			close(p.serving)
		}
		p.mu.Lock()
		if p.text = append(p.text, line...); len(p.text) > maxText {
			p.text = append(p.text[:0], p.text[len(p.text)-maxText/2:]...)
		}
		close(p.spoke)
		p.spoke = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			break
		}
	}
	_ = p.cmd.Wait() // the state says how it ended
}

// Serving waits until the child says that it serves. The error tells what the
// child said, where it ended before or ctx did.
func (p *Process) Serving(ctx context.Context) error {
	select {
	case <-p.serving:
		return nil
	case <-p.done:
		select {
		case <-p.serving: // it did serve
			return nil
		default:
		}
		return p.Explain(fmt.Errorf("process %d ended before it served: %v", p.Pid(), p.cmd.ProcessState))
	case <-ctx.Done():
		return p.Explain(fmt.Errorf("process %d does not serve: %w", p.Pid(), ctx.Err()))
	}
}

// HTTP is the base URL of the child, without a slash at its end. It is known
// once Serving has returned nil.
func (p *Process) HTTP() string { return p.http }

// TLS is the base URL with TLS, "" where the child serves none. It is known once
// Serving has returned nil.
func (p *Process) TLS() string { return p.tls }

// Pid is the child's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Began is when the child was started.
func (p *Process) Began() time.Time { return p.began }

// Done is closed once the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Alive reports whether the child has not ended yet.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill ends the child as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone
	<-p.done
}

// Signal sends a signal; the error says that the child had ended.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Stop ends the child as an operator does, waits for its end and returns the
// exit status. A child that goes on for longer than within is killed, which is
// the error.
func (p *Process) Stop(within time.Duration) (status int, err error) {
	_ = p.Signal(syscall.SIGTERM) // it may be gone
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.done:
		return p.ExitStatus(), nil
	case <-late.C:
		p.Kill()
		return p.ExitStatus(), p.Explain(fmt.Errorf("process %d did not stop within %v", p.Pid(), within))
	}
}

// ExitStatus waits for the child's end and returns its status, -1 where a signal
// ended it.
func (p *Process) ExitStatus() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Killed waits for the child's end and reports whether signal 9 was it.
func (p *Process) Killed() bool {
	<-p.done
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Ended waits for the child's end and tells how it was.
func (p *Process) Ended() string {
	<-p.done
	return p.cmd.ProcessState.String()
}

// Text is what the child has printed, of more than a MiB the end.
func (p *Process) Text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.text)
}

// Tail is the end of what the child has printed, n bytes at most.
func (p *Process) Tail(n int) string {
	text := p.Text()
	if len(text) > n {
		return "…" + text[len(text)-n:]
	}
	return text
}

// Says waits until the child has printed something; false where it, or ctx,
// ended before.
func (p *Process) Says(ctx context.Context, what string) bool {
	for {
		ended := !p.Alive() // before the text is looked at, so that its end is seen
		p.mu.Lock()
		said, spoke := strings.Contains(string(p.text), what), p.spoke
		p.mu.Unlock()
		if said || ended {
			return said
		}
		select {
		case <-spoke:
		case <-p.done:
		case <-ctx.Done():
			return false
		}
	}
}

// Explain adds the end of what the child has printed to an error.
func (p *Process) Explain(err error) error {
	if tail := strings.TrimSpace(p.Tail(2000)); tail != "" {
		return fmt.Errorf("%w; it said:\n%s", err, tail)
	}
	return err
}
