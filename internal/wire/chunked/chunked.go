// Package chunked decodes aws-chunked bodies, in which S3's clients send an
// object in frames: STREAMING-AWS4-HMAC-SHA256-PAYLOAD, the same with -TRAILER,
// and STREAMING-UNSIGNED-PAYLOAD-TRAILER.
//
// It owns the framing and its limits, and verifies the checksums in the trailers.
// The arithmetic of signatures is a [Verifier]'s. Of a signed chunk nothing is
// handed out before its signature is verified; the body as a whole stands only
// when Read has returned io.EOF. A Reader belongs to one goroutine.
package chunked

import (
	"bufio"
	"bytes"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/checksum"
)

// What a body may be made of. A signed chunk is held in memory until it is
// verified, and no client makes chunks of more than a few MiB.
const (
	maxSigned   = 16 << 20 // bytes of a signed chunk
	maxHeader   = 256      // bytes of a chunk's header line
	maxLine     = 4 << 10  // bytes of a trailer's line
	maxTrailers = 16
)

// signatureTrailer is the trailer that signs the others.
const signatureTrailer = "x-amz-trailer-signature"

// ErrLength is returned where a body is not of the length that was announced.
var ErrLength = errors.New("chunked: the body is not of its announced length")

// ChecksumError says that the data does not have the checksum that a trailer says.
type ChecksumError struct {
	Algorithm string // in lower case, "crc32c"
	Unknown   bool   // there is no telling: the algorithm is not known
}

func (e *ChecksumError) Error() string {
	if e.Unknown {
		return "chunked: the checksum algorithm " + e.Algorithm + " is not known"
	}
	return "chunked: the data does not have the " + e.Algorithm + " checksum of its trailer"
}

// Verifier verifies the signatures of chunks in their order: each covers the one
// before it. An error that it returns is what Read returns.
type Verifier interface {
	// Chunk verifies one chunk's data, the last and empty one included.
	Chunk(data []byte, signature string) error
	// Trailer verifies the trailers, "name:value\n" each, names in lower case.
	Trailer(trailer []byte, signature string) error
}

// Options say what body is expected.
type Options struct {
	// Length is the length of the data, of x-amz-decoded-content-length.
	Length int64
	// Verifier verifies the chunks; nil: they are not signed, and their signatures,
	// if any, are not looked at.
	Verifier Verifier
	// Trailer: trailers follow the last chunk.
	Trailer bool
	// Announced are the names of the trailers, of x-amz-trailer. Others are refused,
	// and so is a body that lacks one of these.
	Announced []string
}

// Reader reads the data of a body. Its errors are those of the source, io.EOF,
// io.ErrUnexpectedEOF, ErrLength, a *wire.SyntaxError, a *ChecksumError or the
// Verifier's; once it has returned one it returns it always.
type Reader struct {
	src     *bufio.Reader
	opts    Options
	left    int64 // of the announced length
	chunk   int64 // of an unsigned chunk, still in src
	data    []byte
	buf     bytes.Buffer // of a signed chunk
	sums    []sum
	trailer http.Header
	err     error
}

// sum is the checksum that a trailer will tell.
type sum struct {
	trailer   string
	algorithm string
	hash      hash.Hash
}

// NewReader returns a reader of the body that src holds. It may read on from src
// after the body's end, to see that nothing follows.
func NewReader(src io.Reader, opts Options) *Reader {
	r := &Reader{src: bufio.NewReaderSize(src, maxLine), opts: opts, left: opts.Length}
	for _, name := range opts.Announced {
		name = strings.ToLower(strings.TrimSpace(name))
		algorithm, ok := checksum.Algorithm(name)
		if !ok {
			continue
		}
		h := checksum.New(algorithm)
		if h == nil {
			r.err = &ChecksumError{Algorithm: algorithm, Unknown: true}
			break
		}
		r.sums = append(r.sums, sum{textproto.CanonicalMIMEHeaderKey(name), algorithm, h})
	}
	return r
}

// Trailer returns the trailers of a body that was read to its end; nil before.
func (r *Reader) Trailer() http.Header { return r.trailer }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, r.err
	}
	for r.err == nil {
		switch {
		case len(r.data) > 0:
			n := copy(p, r.data)
			r.data = r.data[n:]
			return n, nil
		case r.chunk > 0:
			n, err := r.src.Read(p[:min(int64(len(p)), r.chunk)])
			r.hash(p[:n])
			if r.chunk -= int64(n); r.chunk == 0 {
				err = r.lineEnd()
			}
			r.err = unexpected(err)
			if n > 0 {
				return n, nil
			}
		default:
			r.err = r.next()
		}
	}
	return 0, r.err
}

// unexpected turns an end in the middle into what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func malformed(detail string) error { return &wire.SyntaxError{Detail: "aws-chunked: " + detail} }

// next reads a chunk's header, and its data where it is signed. After the last
// chunk it reads what follows and returns io.EOF.
func (r *Reader) next() error {
	line, err := r.line(maxHeader)
	if err != nil {
		return err
	}
	line, ok := bytes.CutSuffix(line, []byte{'\r'})
	if !ok {
		return malformed("a chunk's header that ends in a bare line feed")
	}
	size, signature, err := parseHeader(line)
	if err != nil {
		return err
	}
	if size > r.left {
		return ErrLength
	}
	r.left -= size
	if size == 0 {
		return r.end(signature)
	}
	if r.opts.Verifier == nil {
		r.chunk = size
		return nil
	}
	if size > maxSigned {
		return malformed("a signed chunk too large to hold")
	}
	r.buf.Reset()
	if _, err := io.CopyN(&r.buf, r.src, size); err != nil {
		return unexpected(err)
	}
	if err := r.lineEnd(); err != nil {
		return err
	}
	if err := r.opts.Verifier.Chunk(r.buf.Bytes(), signature); err != nil {
		return err
	}
	r.data = r.buf.Bytes()
	r.hash(r.data)
	return nil
}

func (r *Reader) hash(data []byte) {
	for _, s := range r.sums {
		s.hash.Write(data) // a hash never fails
	}
}

// parseHeader reads "size;chunk-signature=hex"; the extension may be missing.
func parseHeader(line []byte) (size int64, signature string, err error) {
	digits, extension, _ := strings.Cut(string(line), ";")
	n, err := strconv.ParseUint(digits, 16, 63)
	if err != nil || strings.ContainsAny(digits, "+_") {
		return 0, "", malformed("a chunk's size that is none")
	}
	signature, _ = strings.CutPrefix(strings.TrimSpace(extension), "chunk-signature=")
	return int64(n), signature, nil
}

// end reads what follows the header of the last chunk.
func (r *Reader) end(signature string) error {
	if r.left > 0 {
		return ErrLength
	}
	if v := r.opts.Verifier; v != nil {
		if err := v.Chunk(nil, signature); err != nil {
			return err
		}
	}
	trailer := http.Header{}
	if r.opts.Trailer {
		if err := r.trailers(trailer); err != nil {
			return err
		}
	} else if err := r.lineEnd(); err != nil {
		return err
	}
	if _, err := r.src.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = malformed("something follows the end")
		}
		return err
	}
	r.trailer = trailer
	return io.EOF
}

// trailers reads the trailers up to the empty line that ends them. Some clients
// put an empty line before the signature too.
func (r *Reader) trailers(trailer http.Header) error {
	var signed bytes.Buffer
	var signature string
	for {
		line, err := r.trailerLine()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			if r.opts.Verifier == nil || signature != "" {
				break
			}
			if line, err = r.trailerLine(); err != nil {
				return err
			}
		}
		name, value, ok := strings.Cut(string(line), ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok || name == "":
			return malformed("a trailer without a name")
		case signature != "":
			return malformed("a trailer after the trailers' signature")
		case name == signatureTrailer:
			signature = value
			continue
		case len(trailer) == maxTrailers:
			return malformed("too many trailers")
		case !slices.ContainsFunc(r.opts.Announced, func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), name) }):
			return malformed("a trailer that was not announced")
		}
		key := textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := trailer[key]; twice {
			return malformed("a trailer given twice")
		}
		trailer[key] = []string{value}
		signed.WriteString(name + ":" + value + "\n")
	}
	for _, name := range r.opts.Announced {
		if _, ok := trailer[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))]; !ok {
			return malformed("an announced trailer is missing")
		}
	}
	if v := r.opts.Verifier; v != nil {
		if err := v.Trailer(signed.Bytes(), signature); err != nil {
			return err
		}
	}
	for _, s := range r.sums {
		if checksum.Text(s.hash) != trailer.Get(s.trailer) {
			return &ChecksumError{Algorithm: s.algorithm}
		}
	}
	return nil
}

// trailerLine reads a line of the trailers, which some clients end in a bare line
// feed.
func (r *Reader) trailerLine() ([]byte, error) {
	line, err := r.line(maxLine)
	return bytes.TrimSuffix(line, []byte{'\r'}), err
}

// line reads a line of at most limit bytes, without its line feed. The result
// stands until the next read.
func (r *Reader) line(limit int) ([]byte, error) {
	line, err := r.src.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull), err == nil && len(line) > limit:
		return nil, malformed("a line too long")
	case err != nil:
		return nil, unexpected(err)
	}
	return line[:len(line)-1], nil
}

// lineEnd reads the line end after a chunk's data.
func (r *Reader) lineEnd() error {
	var end [2]byte
	if _, err := io.ReadFull(r.src, end[:]); err != nil {
		return unexpected(err)
	}
	if end != [2]byte{'\r', '\n'} {
		return malformed("a chunk that is longer than its size")
	}
	return nil
}
