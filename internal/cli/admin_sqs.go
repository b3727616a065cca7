package cli

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"
)

type adminSQSCmd struct {
	Peek    adminSQSPeekCmd    `cmd:"" help:"Look at messages without receiving them."`
	Export  adminSQSExportCmd  `cmd:"" help:"Write all messages of a queue as lines of JSON; they stay where they are."`
	Import  adminSQSImportCmd  `cmd:"" help:"Send the messages of an export."`
	Redrive adminSQSRedriveCmd `cmd:"" help:"Move the messages of a dead-letter queue back, or to another queue."`
}

// queueFlags name a queue of a server that runs.
type queueFlags struct {
	Queue   string `arg:"" help:"Name, URL or ARN of the queue."`
	Account string `placeholder:"ID" default:"000000000000" help:"Account of a queue that is named by its name [default 000000000000]."`
	Region  string `placeholder:"NAME" help:"Its region [AWS_REGION, AWS_DEFAULT_REGION, us-east-1]."`
	dataFlags
}

// server returns the server that has the queue, and what a request about the
// queue says.
func (f *queueFlags) server(e *Env) (*adminServer, url.Values, error) {
	cfg, err := f.load(e)
	if err != nil {
		return nil, nil, err
	}
	s, err := findAdmin(e, cfg.Data)
	if err != nil {
		return nil, nil, err
	}
	region := cmp.Or(f.Region, e.Getenv("AWS_REGION"), e.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
	return s, url.Values{"queue": {f.Queue}, "account": {f.Account}, "region": {region}}, nil
}

// shown is a text from a message as a terminal may have it: on one line, and
// without what controls a terminal.
func shown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// plural is a number of things.
func plural[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// ticker tells a person at a terminal how far something is, a few times a second.
type ticker struct {
	w    io.Writer // nil: nobody is told
	last time.Time
}

func newTicker(e *Env) *ticker {
	t := &ticker{last: time.Now()}
	if e.Colour {
		t.w = e.Stderr
	}
	return t
}

func (t *ticker) tell(format string, args ...any) {
	if now := time.Now(); t.w != nil && now.Sub(t.last) > 200*time.Millisecond {
		t.last = now
		fmt.Fprintf(t.w, "\r\x1b[2K"+format, args...)
	}
}

// done takes the last line away.
func (t *ticker) done() {
	if t.w != nil {
		fmt.Fprint(t.w, "\r\x1b[2K")
	}
}
