package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/millrace/millrace/internal/cli/demo"
	"github.com/millrace/millrace/internal/obs"
)

// unwatched is how long the demo's own events go on where no terminal shows them.
const unwatched = 20 * time.Second

type demoCmd struct {
	Input  string         `short:"i" placeholder:"FILE" help:"File of lines, - for standard input; without it, web-access events are made."`
	For    *time.Duration `placeholder:"TIME" help:"When to end, such as 20s. Default: at the end of the input; made events go on until Ctrl-C at a terminal and for 20s elsewhere."`
	Rate   *int           `placeholder:"N" help:"Lines a second, 0 for as fast as it goes. Default: 10000 for made events, 0 for a file."`
	Data   string         `placeholder:"DIR" help:"Data directory of the server, to be kept. Default: one that is removed at the end."`
	Out    string         `placeholder:"DIR" help:"Where the lines that arrive are written. Default: a new temporary directory."`
	Listen string         `placeholder:"HOST:PORT" default:"127.0.0.1:0" help:"Address of the server. Default: a free port."`
}

// Run runs the demo; it fails unless every line arrived, in order per key.
func (c *demoCmd) Run(e *Env) error {
	width := func() int { w, _, _ := term.GetSize(int(os.Stdout.Fd())); return w }
	terminal := e.Stdout == os.Stdout && term.IsTerminal(int(os.Stdout.Fd())) && e.Getenv("TERM") != "dumb"
	o := demo.Options{
		Input: c.Input, Data: c.Data, Out: c.Out, Listen: c.Listen,
		Stdout: e.Stdout, Terminal: terminal, Colour: terminal && e.Getenv("NO_COLOR") == "", Width: width, Getenv: e.Getenv,
	}
	if c.Input == "" {
		o.Rate = 10_000
		if !terminal {
			o.For = unwatched
		}
	}
	if c.For != nil {
		o.For = *c.For
	}
	if c.Rate != nil {
		o.Rate = *c.Rate
	}
	if o.For < 0 || o.Rate < 0 {
		return &exitError{errors.New("--for and --rate are not negative"), exitUsage}
	}
	build := currentBuild()
	o.Build = obs.Build{Version: build.Version, Revision: build.Revision, GoVersion: build.Go}

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	stop := make(chan struct{})
	o.Stop = stop

	type result struct {
		*demo.Reckoning
		err error
	}
	done := make(chan result, 1)
	go func() {
		r, err := demo.Run(context.Background(), o)
		done <- result{r, err}
	}()
	for interrupted := false; ; {
		select {
		case <-signals:
			if interrupted {
				return &exitError{errors.New("ended at once by a second signal, without a reckoning"), exitFailed}
			}
			interrupted = true
			close(stop)
		case r := <-done:
			if r.err != nil {
				return r.err
			}
			if !r.OK() {
				return errors.New("not every line arrived as it should; see the reckoning")
			}
			return nil
		}
	}
}
