package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// readSize is how much is read from a connection at a time: it stays in the
// processor's cache while the body goes by.
const readSize = 256 << 10

// ioTimeout is how long an answer may take.
const ioTimeout = 60 * time.Second

var errHead = errors.New("the answer is not HTTP/1.1")

// conn is a connection that carries one request at a time. It is used by one
// goroutine.
type conn struct {
	c    net.Conn
	buf  []byte // what was read and not yet used is buf[r:w]
	r, w int
}

func dial(address string) (*conn, error) { return dialSized(address, readSize) }

// dialSized is dial with so many bytes for what was read.
func dialSized(address string, size int) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return newConn(c, size), nil
}

func newConn(c net.Conn, size int) *conn { return &conn{c: c, buf: make([]byte, size)} }

func (c *conn) close() { _ = c.c.Close() }

// head is the part of an answer's head that matters here.
type head struct {
	status  int
	length  int64 // of the body; -1 where it is not told
	chunked bool
}

// send writes a request, its head and its body in one call to the kernel.
func (c *conn) send(parts net.Buffers) error {
	if err := c.c.SetDeadline(time.Now().Add(ioTimeout)); err != nil {
		return err
	}
	_, err := parts.WriteTo(c.c)
	return err
}

// do sends a request and gives the body of its answer to sink, piece by piece;
// pieces are valid until sink returns.
func (c *conn) do(parts net.Buffers, sink func([]byte)) (status int, err error) {
	if err := c.send(parts); err != nil {
		return 0, err
	}
	h, err := c.readHead()
	if err != nil {
		return 0, err
	}
	if h.chunked {
		b := chunkReader{c: c}
		for {
			piece, err := b.next()
			if err == io.EOF {
				return h.status, nil
			} else if err != nil {
				return 0, err
			}
			sink(piece)
		}
	}
	for left := h.length; left > 0; {
		piece, err := c.piece(left)
		if err != nil {
			return 0, err
		}
		left -= int64(len(piece))
		sink(piece)
	}
	return h.status, nil
}

// fill reads more behind what is there.
func (c *conn) fill() error {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if c.w == len(c.buf) {
		return errHead
	}
	n, err := c.c.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// piece returns up to n bytes, at least one.
func (c *conn) piece(n int64) ([]byte, error) {
	if c.r == c.w {
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
	b := c.buf[c.r:min(int64(c.w), int64(c.r)+n)]
	c.r += len(b)
	return b, nil
}

// line returns the next line without its end.
func (c *conn) line() ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(c.buf[c.r+seen:c.w], '\n'); i >= 0 {
			line := c.buf[c.r : c.r+seen+i]
			c.r += seen + i + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		seen = c.w - c.r
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

func (c *conn) readHead() (h head, err error) {
	for {
		if h, err = c.readOneHead(); err != nil || h.status >= 200 {
			return h, err
		} // 1xx precedes the answer
	}
}

func (c *conn) readOneHead() (h head, err error) {
	line, err := c.line()
	if err != nil {
		return h, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return h, fmt.Errorf("%w: it begins %q", errHead, line[:min(len(line), 80)])
	}
	status, ok := number(line[9:12])
	if !ok {
		return h, errHead
	}
	h.status, h.length = int(status), -1
	for {
		if line, err = c.line(); err != nil {
			return h, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case equalFold(name, "content-length"):
			if h.length, ok = number(value); !ok {
				return h, fmt.Errorf("%w: Content-Length is %q", errHead, value)
			}
		case equalFold(name, "transfer-encoding"):
			h.chunked = equalFold(value, "chunked")
		}
	}
	if h.length < 0 && !h.chunked && h.status >= 200 {
		return h, fmt.Errorf("%w: the length of its body is not told", errHead)
	}
	return h, nil
}

// chunkReader reads a chunked body. It is also an io.Reader.
type chunkReader struct {
	c    *conn
	left int64 // of the chunk
	any  bool  // a chunk was read, whose line end is still to come
	end  bool
}

// next returns a piece of the body, valid until the next call, and io.EOF after
// the last.
func (b *chunkReader) next() ([]byte, error) { return b.upTo(1 << 62) }

func (b *chunkReader) upTo(n int64) ([]byte, error) {
	if b.end {
		return nil, io.EOF
	}
	if b.left == 0 {
		if err := b.begin(); err != nil {
			return nil, err
		}
	}
	piece, err := b.c.piece(min(n, b.left))
	b.left -= int64(len(piece))
	return piece, err
}

// begin reads the line of a chunk's size.
func (b *chunkReader) begin() error {
	if b.any {
		if _, err := b.c.line(); err != nil {
			return err
		}
	}
	line, err := b.c.line()
	if err != nil {
		return err
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, ok := hexNumber(bytes.TrimSpace(size))
	if !ok {
		return fmt.Errorf("chunk size %q: %w", line[:min(len(line), 80)], errHead)
	}
	b.left, b.any = n, true
	if n > 0 {
		return nil
	}
	b.end = true
	for { // trailers
		if line, err := b.c.line(); err != nil {
			return err
		} else if len(line) == 0 {
			return io.EOF
		}
	}
}

func (b *chunkReader) Read(p []byte) (int, error) {
	piece, err := b.upTo(int64(len(p)))
	return copy(p, piece), err
}

func number(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<50 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) > 0
}

func hexNumber(b []byte) (n int64, ok bool) {
	for _, c := range b {
		switch {
		case n > 1<<50:
			return 0, false
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, len(b) > 0
}

// equalFold compares ASCII; lower is in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
