package demo

import (
	"context"
	"io"
	"time"

	"github.com/millrace/millrace/internal/cli/lines"
)

// maxLine is the longest line: a record holds 1 MiB with its number and key, unless the
// stream is told otherwise (reference kinesis-streams §7).
const maxLine = 1<<20 - 2<<10

// source yields lines.
type source interface {
	// next returns a line without its end, valid until the next call; io.EOF after
	// the last.
	next(ctx context.Context) ([]byte, error)
	// progress is the part that was read, 0 to 1.
	progress() float64
	close() error
}

// file reads the lines of a file.
type file struct{ *lines.Reader }

// pipeLines is how many lines of a pipe count as all of it: where the reshards
// happen.
const pipeLines = 3000

func openFile(path string) (source, error) {
	r, err := lines.Open(path, maxLine)
	if err != nil {
		return nil, err
	}
	return file{r}, nil
}

func (f file) next(context.Context) ([]byte, error) { return f.Next() }

func (f file) progress() float64 {
	if part, ok := f.Progress(); ok {
		return part
	}
	return float64(f.Number()) / pipeLines
}

func (f file) close() error { return f.Close() }

// paced lets lines through at a rate.
type paced struct {
	source
	rate  int // lines a second
	began time.Time
	n     int
}

func (p *paced) next(ctx context.Context) ([]byte, error) {
	if p.n++; p.n%max(p.rate/100, 1) == 0 {
		if p.began.IsZero() {
			p.began = time.Now()
		}
		early := time.Duration(float64(p.n)/float64(p.rate)*float64(time.Second)) - time.Since(p.began)
		if early > time.Millisecond {
			select {
			case <-time.After(early):
			case <-ctx.Done():
				return nil, io.EOF
			}
		}
	}
	return p.source.next(ctx)
}
