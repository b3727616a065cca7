package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/term"

	"github.com/millrace/millrace/client/producer"
	"github.com/millrace/millrace/internal/cli/lines"
)

// longestLine is what a record holds when its stream allows the most (AWS: 10 MiB).
const longestLine = 10 << 20

type produceCmd struct {
	Stream    string        `arg:"" help:"Name or ARN."`
	File      string        `short:"f" default:"-" placeholder:"FILE" help:"File of lines, each of which becomes a record; - for standard input (the default)."`
	Key       string        `short:"k" default:"1" placeholder:"N|/RE/|random" help:"Partition key of a line: its Nth field, what a regular expression (or its first group) matches, or random. Default: 1."`
	Separator string        `placeholder:"CHARS" help:"Characters that end a field. Default: blanks, tabs and commas."`
	Strict    bool          `name:"strict-order" help:"Never more than one record of a key in a request: keeps the order of a key even where AWS refuses one record of a request and takes a later one. Slower with few keys."`
	Lanes     int           `default:"4" placeholder:"N" help:"Requests under way at a time; a key's records are never in two. Default: 4."`
	GiveUp    time.Duration `name:"give-up" default:"60s" placeholder:"TIME" help:"How long refused records are sent again in vain. Default: 60s."`
	JSON      bool          `name:"json" help:"The summary as JSON, on standard output."`
	target
}

// produced is the account of what was sent.
type produced struct {
	Stream  string  `json:"stream"`
	Lines   uint64  `json:"lines"`  // read
	Stored  uint64  `json:"stored"` // acknowledged
	Bytes   uint64  `json:"bytes"`  // of the lines stored
	Refused uint64  `json:"refused"`
	Unclear uint64  `json:"sentAgainUnanswered"` // may be stored twice
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// Run sends lines until their end or Ctrl-C, and fails unless all that were read
// are stored.
func (c *produceCmd) Run(e *Env) error {
	key, err := keyer(c.Key, c.Separator)
	if err != nil {
		return &exitError{err, exitUsage}
	}
	ctx := context.Background()
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	if _, err := c.find(ctx, client, c.Stream); err != nil {
		return err
	}
	in, err := lines.Open(c.File, longestLine)
	if err != nil {
		return &exitError{err, exitUsage}
	}
	defer in.Close()
	s := &sending{c: c, in: in, key: key, began: time.Now()}
	err = s.run(ctx, e, client)
	return s.report(e, err)
}

// sending is one produce under way.
type sending struct {
	c     *produceCmd
	in    *lines.Reader
	key   func(line []byte) string
	began time.Time

	read, stored, bytes, refused, unclear atomic.Uint64
}

func (s *sending) run(ctx context.Context, e *Env, client *kinesis.Client) error {
	stop, unhook := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer unhook()
	p := producer.New(ctx, producer.Options{
		Client: client, Stream: s.c.Stream, Lanes: s.c.Lanes, StrictOrder: s.c.Strict, GiveUpAfter: s.c.GiveUp,
		Stored: func(records []producer.Record, _ []types.PutRecordsResultEntry) {
			n := 0
			for i := range records {
				n += len(records[i].Data)
			}
			s.stored.Add(uint64(len(records)))
			s.bytes.Add(uint64(n))
		},
		Resent: func(records []producer.Record) { s.unclear.Add(uint64(len(records))) },
		Retry:  func(n int, _ error) { s.refused.Add(uint64(n)) },
	})
	progress := s.progress(e)
	// The lines are read in a goroutine of their own: what waits for its next line
	// cannot be told to stop.
	result := make(chan error, 1)
	go func() { result <- s.lines(stop, p) }()
	var err error
	select {
	case err = <-result:
	case <-stop.Done():
		unhook() // a second Ctrl-C ends the process
		select {
		case err = <-result:
		case <-time.After(100 * time.Millisecond):
		}
	}
	if failed := p.Close(); failed != nil && err == nil {
		err = failed
	}
	progress()
	return err
}

// lines puts lines until their end or that of ctx.
func (s *sending) lines(ctx context.Context, p *producer.Producer) error {
	var chunk []byte // records are cut from it, so that one allocation makes many
	for {
		line, err := s.in.Next()
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if cap(chunk)-len(chunk) < len(line) {
			chunk = make([]byte, 0, max(len(line), 64<<10))
		}
		begin := len(chunk)
		chunk = append(chunk, line...)
		s.read.Add(1)
		if err := p.Put(context.Background(), producer.Record{Key: s.key(line), Data: chunk[begin:len(chunk):len(chunk)]}); err != nil {
			return err
		}
	}
}

// progress shows a person how it goes, until the function that it returns is called.
func (s *sending) progress(e *Env) (stop func()) {
	if e.Stderr != os.Stderr || !term.IsTerminal(int(os.Stderr.Fd())) || s.c.JSON {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-done:
				fmt.Fprint(e.Stderr, "\r\x1b[2K")
				return
			}
			part := ""
			if n, ok := s.in.Progress(); ok {
				part = fmt.Sprintf("%3.0f %%  ", 100*n)
			}
			a := s.account(nil)
			fmt.Fprintf(e.Stderr, "\r\x1b[2K%s%d lines stored  %.1f MB  %.0f lines/s  %.1f MB/s", part, a.Stored, float64(a.Bytes)/1e6, float64(a.Stored)/a.Seconds, float64(a.Bytes)/1e6/a.Seconds)
			if a.Refused > 0 {
				fmt.Fprintf(e.Stderr, "  %d sent again", a.Refused)
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (s *sending) account(err error) produced {
	a := produced{
		Stream: s.c.Stream, Lines: s.read.Load(), Stored: s.stored.Load(), Bytes: s.bytes.Load(),
		Refused: s.refused.Load(), Unclear: s.unclear.Load(), Seconds: max(time.Since(s.began).Seconds(), 1e-3),
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// report tells what came of it. err is what ended it early.
func (s *sending) report(e *Env, err error) error {
	if err != nil {
		err = s.c.explain(err)
	}
	a := s.account(err)
	if err == nil && a.Stored < a.Lines {
		err = errors.New("not everything that was read is stored")
	}
	if s.c.JSON {
		if failed := json.NewEncoder(e.Stdout).Encode(a); failed != nil {
			return failed
		}
	} else {
		fmt.Fprintf(e.Stderr, "%d of %d lines stored in %s: %.1f MB, %.1f s, %.0f lines/s", a.Stored, a.Lines, a.Stream, float64(a.Bytes)/1e6, a.Seconds, float64(a.Stored)/a.Seconds)
		if a.Refused > 0 {
			fmt.Fprintf(e.Stderr, "; %d times a record was refused and sent again", a.Refused)
		}
		if a.Unclear > 0 {
			fmt.Fprintf(e.Stderr, "; %d may be stored twice, since their first request had no answer", a.Unclear)
		}
		fmt.Fprintln(e.Stderr)
	}
	if err != nil {
		return fmt.Errorf("%d lines are not stored: %w", a.Lines-a.Stored, err)
	}
	return nil
}
