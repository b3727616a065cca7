// Package lines reads lines and finds their keys. A Reader is for one goroutine;
// the functions are pure.
package lines

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"
)

// MaxKey is the longest partition key, in characters.
const MaxKey = 256

// Reader reads the lines of a file.
type Reader struct {
	f      *os.File
	r      *bufio.Reader
	size   int64
	offset int64
	number int64
	max    int
	long   []byte
}

// Open opens a file, or standard input for "-". Lines may be as long as max bytes.
func Open(path string, max int) (*Reader, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%s is a directory, not a file of lines", path), f.Close())
	}
	r := &Reader{f: f, r: bufio.NewReaderSize(f, 256<<10), max: max}
	if info.Mode().IsRegular() {
		r.size = info.Size()
	}
	return r, nil
}

// Next returns the next line without its end, valid until the next call; io.EOF
// after the last.
func (r *Reader) Next() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = append(r.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(r.long) <= r.max {
			line, err = r.r.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if len(line) == 0 && err != nil {
		return nil, err // the last line may lack its end
	}
	r.offset += int64(len(line))
	r.number++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	if len(line) > r.max {
		return nil, fmt.Errorf("line %d is longer than %d bytes, the most that a record holds", r.number, r.max)
	}
	return line, nil
}

// Progress is the part of the file that was read, 0 to 1; ok is false where its
// size is not known, as of a pipe.
func (r *Reader) Progress() (part float64, ok bool) {
	if r.size == 0 {
		return 0, false
	}
	return min(float64(r.offset)/float64(r.size), 1), true
}

// Number is how many lines were read.
func (r *Reader) Number() int64 { return r.number }

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }

// Field returns the nth field of a line, from 1. Fields end at one of the
// separators, any number of which stand between two; "" stands for blanks, tabs
// and commas. It is empty where the line has not as many.
func Field(line []byte, n int, separators string) []byte {
	if separators == "" {
		separators = " \t,"
	}
	for ; ; n-- {
		line = bytes.TrimLeft(line, separators)
		end := bytes.IndexAny(line, separators)
		if n > 1 && end >= 0 {
			line = line[end:]
			continue
		}
		if n > 1 {
			return nil
		}
		if end >= 0 {
			line = line[:end]
		}
		return bytes.TrimSuffix(line, []byte{'\r'})
	}
}

// Key makes a partition key of some bytes: at most [MaxKey] characters of valid
// UTF-8; "-" of none.
func Key(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("?"))
	}
	if len(b) > MaxKey {
		if runes := []rune(string(b)); len(runes) > MaxKey {
			return string(runes[:MaxKey])
		}
	}
	return string(b)
}
