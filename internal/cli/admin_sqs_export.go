package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/millrace/millrace/internal/app"
)

type adminSQSExportCmd struct {
	queueFlags
	Out string `short:"o" default:"-" placeholder:"FILE" help:"File to make, which must not be there yet; - for standard output [default -]."`
}

// Run writes all messages of a queue.
func (c *adminSQSExportCmd) Run(e *Env) (err error) {
	s, query, err := c.server(e)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	resp, err := s.post(ctx, "sqs/export", query, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out, where := io.Writer(e.Stdout), "standard output"
	var file *os.File
	if c.Out != "-" {
		file, err = os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return &exitError{fmt.Errorf("%s is there already; name another file, or remove it", c.Out), exitUsage}
		}
		if err != nil {
			return err
		}
		defer file.Close()
		out, where = file, c.Out
	}
	count := &exported{w: out, tick: newTicker(e), total: resp.Header.Get(app.HeaderMessages)}
	_, err = io.Copy(count, resp.Body)
	count.tick.done()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %s; %s does not have them all", plural(count.messages, "message"), where)
	}
	if err == nil && resp.Trailer.Get(app.HeaderExported) != strconv.Itoa(count.messages) {
		err = errors.New("the server broke off")
	}
	if err == nil && file != nil {
		err = file.Sync() // the queue may be purged next
	}
	if err != nil {
		return fmt.Errorf("after %s, so %s does not have them all: %w", plural(count.messages, "message"), where, err)
	}
	fmt.Fprintf(e.Stderr, "%s, %.1f MB, to %s\n", plural(count.messages, "message"), float64(count.bytes)/1e6, where)
	return nil
}

// exported counts the messages that pass through it.
type exported struct {
	w        io.Writer
	tick     *ticker
	total    string
	messages int
	bytes    int64
}

func (c *exported) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.messages += bytes.Count(b[:n], []byte{'\n'})
	c.bytes += int64(n)
	c.tick.tell("%d of %s messages  %.1f MB", c.messages, c.total, float64(c.bytes)/1e6)
	return n, err
}
