package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"
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

// fileSource reads the lines of a file.
type fileSource struct {
	f      *os.File
	r      *bufio.Reader
	size   int64 // 0 where it cannot be known: a pipe
	offset int64
	lines  int64
	long   []byte
}

// streamLines is how many lines of a pipe count as all of it: where the reshards
// happen.
const streamLines = 3000

func openFile(path string) (*fileSource, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, err
		}
	}
	s := &fileSource{f: f, r: bufio.NewReaderSize(f, 256<<10)}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a directory, not a file of lines", path), f.Close())
	}
	if info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

func (s *fileSource) next(context.Context) ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.long = append(s.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(s.long) <= maxLine {
			line, err = s.r.ReadSlice('\n')
			s.long = append(s.long, line...)
		}
		line = s.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	s.offset += int64(len(line))
	s.lines++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	if len(line) > maxLine {
		return nil, fmt.Errorf("line %d is longer than the 1 MiB that a record holds", s.lines)
	}
	return line, nil
}

func (s *fileSource) progress() float64 {
	if s.size == 0 {
		return float64(s.lines) / streamLines
	}
	return float64(s.offset) / float64(s.size)
}

func (s *fileSource) close() error { return s.f.Close() }

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

// keyOf returns a line's first field as a partition key: what stands before the
// first blank, tab or comma, at most 256 characters; "-" where there is none.
func keyOf(line []byte) string {
	line = bytes.TrimLeft(line, " \t,")
	if i := bytes.IndexAny(line, " \t,\r"); i >= 0 {
		line = line[:i]
	}
	if len(line) == 0 {
		return "-"
	}
	if !utf8.Valid(line) {
		line = bytes.ToValidUTF8(line, []byte("?"))
	}
	if len(line) > 256 {
		if runes := []rune(string(line)); len(runes) > 256 {
			return string(runes[:256])
		}
	}
	return string(line)
}
