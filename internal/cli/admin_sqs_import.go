package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/cli/lines"
	"github.com/millrace/millrace/internal/service/sqs"
)

type adminSQSImportCmd struct {
	queueFlags
	In       string `short:"i" default:"-" placeholder:"FILE" help:"Lines of an export; - for standard input [default -]."`
	FromLine int64  `name:"from-line" default:"1" placeholder:"N" help:"Go on with this line, as an import that ended early said."`
}

// Bounds of one request of an import. A line is at most a message of 1 MiB, with
// each of its characters escaped.
const (
	importLines   = 500
	importBytes   = 1 << 20
	longestImport = 15 << 20
)

// Run sends the messages of an export, in their order.
func (c *adminSQSImportCmd) Run(e *Env) error {
	s, query, err := c.server(e)
	if err != nil {
		return err
	}
	// Whether there is such a queue is told before anything is read.
	if err := s.call(context.Background(), "sqs/import", query, nil, new(sqs.ImportResult)); err != nil {
		return err
	}
	in, err := lines.Open(c.In, longestImport)
	if err != nil {
		return &exitError{err, exitUsage}
	}
	defer in.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The lines are read in a goroutine of their own: what waits for its next line
	// cannot be told to stop.
	batches := make(chan importBatch)
	go readImport(ctx, in, c.FromLine, batches)
	r := importing{next: c.FromLine, began: time.Now()}
	tick := newTicker(e)
	err = r.run(ctx, batches, func(b *importBatch, result *sqs.ImportResult) error {
		// A signal does not end the request: what came of it would not be known.
		err := s.call(context.Background(), "sqs/import", query, bytes.NewReader(b.text), result)
		tick.tell("%s%d messages sent", b.part, r.sent)
		return err
	})
	tick.done()
	text := plural(r.sent, "message") + " sent"
	if r.repeated > 0 {
		text += fmt.Sprintf("; %s not sent again, since the queue knows their deduplication ids from the last 5 minutes", plural(r.repeated, "message"))
	}
	if seconds := time.Since(r.began).Seconds(); seconds > 1 {
		text += fmt.Sprintf("; %.1f s, %.0f messages/s", seconds, float64(r.sent)/seconds)
	}
	fmt.Fprintln(e.Stderr, text)
	return err
}

// importBatch are lines for one request.
type importBatch struct {
	text    []byte
	numbers []int64 // of the lines in text
	last    int64   // line up to which the input was read
	part    string  // of the input that was read, for a person
	err     error   // of reading, after these lines; io.EOF at the end
}

// readImport reads lines from a number on, in batches, until their end.
func readImport(ctx context.Context, in *lines.Reader, from int64, batches chan<- importBatch) {
	for end := false; !end; {
		var b importBatch
		for len(b.numbers) < importLines && len(b.text) < importBytes {
			line, err := in.Next()
			if err != nil {
				b.err, end = err, true
				break
			}
			if in.Number() < from || len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			b.text = append(append(b.text, line...), '\n')
			b.numbers = append(b.numbers, in.Number())
		}
		b.last = in.Number()
		if part, ok := in.Progress(); ok {
			b.part = fmt.Sprintf("%3.0f %%  ", 100*part)
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			return
		}
	}
}

// importing is the reckoning of an import.
type importing struct {
	began          time.Time
	sent, repeated int
	next           int64 // line to go on with
}

// run sends batches until their end, or that of ctx.
func (r *importing) run(ctx context.Context, batches <-chan importBatch, send func(*importBatch, *sqs.ImportResult) error) error {
	for {
		var b importBatch
		select {
		case b = <-batches:
		case <-ctx.Done():
			return fmt.Errorf("stopped; go on with --from-line %d", r.next)
		}
		if n := len(b.numbers); n > 0 {
			var result sqs.ImportResult
			if err := send(&b, &result); err != nil {
				return fmt.Errorf("%w; nothing is known of lines %d to %d, all before them are done: go on with --from-line %d, or look at the queue first", err, b.numbers[0], b.numbers[n-1], b.numbers[0])
			}
			r.sent += result.Sent
			r.repeated += result.Repeated
			if done := result.Sent + result.Repeated; result.Bad != "" && done < n {
				line := b.numbers[done]
				return fmt.Errorf("line %d: %s; all before it are done. Mend it and go on with --from-line %d, or leave it out with --from-line %d", line, result.Bad, line, line+1)
			}
		}
		r.next = b.last + 1
		switch {
		case errors.Is(b.err, io.EOF):
			return nil
		case b.err != nil:
			return fmt.Errorf("%w; all lines before are done", b.err)
		}
	}
}
