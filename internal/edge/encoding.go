package edge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/wire/chunked"
)

// Encodings of a body are undone only once the signature is verified, which for
// gzip covers the compressed bytes, and for aws-chunks is the one that the first
// chunk's builds on. Whoever could not sign costs no more than the reading.

// What S3 answers to bodies in aws-chunks that are not sound.
var (
	errNoDecodedLength = &api.ErrorShape{Code: "MissingContentLength", QueryCode: "MissingContentLength", Status: http.StatusLengthRequired}
	errIncompleteBody  = &api.ErrorShape{Code: "IncompleteBody", QueryCode: "IncompleteBody", Status: http.StatusBadRequest}
	errBadDigest       = &api.ErrorShape{Code: "BadDigest", QueryCode: "BadDigest", Status: http.StatusBadRequest}
	errNoSuchChecksum  = &api.ErrorShape{Code: "InvalidRequest", QueryCode: "InvalidRequest", Status: http.StatusBadRequest}
)

// framing is by how much a body of n bytes in aws-chunks may be longer: twice what
// chunks of 8 KiB add, S3's smallest, and the room of the trailers.
func (x *exchange) framing(n int64) int64 {
	if !x.signature.Streaming() {
		return 0
	}
	return n/32 + 4<<10
}

// encoded reports whether the body is not yet what the operation's codec reads.
func (x *exchange) encoded(e *entry) bool {
	return e.Chunked && x.signature.Streaming() || e.Gzip && x.gzipped()
}

// unpack undoes the body's encoding. The signature must be verified.
func (x *exchange) unpack(e *entry) error {
	switch {
	case !x.encoded(e):
		return nil
	case x.signature.Streaming():
		return x.unchunk()
	}
	return x.inflate()
}

// unchunk takes the frames out of the body where it lies: what is left is always
// shorter than what was read.
func (x *exchange) unchunk() error {
	length, err := strconv.ParseInt(first(x.r.Header, "X-Amz-Decoded-Content-Length"), 10, 64)
	switch {
	case err != nil || length < 0:
		return errNoDecodedLength.New("You must provide the Content-Length HTTP header.")
	case length > x.server.o.MaxBody:
		return x.entityTooLarge()
	}
	kind := x.signature.PayloadHash
	opts := chunked.Options{Length: length, Trailer: kind != sigv4.StreamingPayload}
	if opts.Trailer {
		opts.Announced = announced(x.r.Header)
	}
	if kind != sigv4.StreamingUnsignedTrailer && !x.server.o.Auth.Open() {
		// The reader holds one chunk, which may be all of the body.
		if !x.reserve(length) {
			return throttled()
		}
		opts.Verifier = x.signature.Chunks()
	}
	framed := x.bytes()
	frames := chunked.NewReader(bytes.NewReader(framed), opts)
	n := 0
	for err == nil && n < len(framed) {
		var m int
		m, err = frames.Read(framed[n:])
		n += m
	}
	if !errors.Is(err, io.EOF) {
		return unsound(err)
	}
	x.body.b = framed[:n]
	return nil
}

// announced returns the names of the trailers that the request announces.
func announced(h http.Header) []string {
	names := strings.Join(h["X-Amz-Trailer"], ",")
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

// unsound turns what is wrong with a body in aws-chunks into S3's error.
func unsound(err error) error {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e // a chunk's signature
	}
	if e, ok := errors.AsType[*chunked.ChecksumError](err); ok {
		if e.Unknown {
			return errNoSuchChecksum.New("The algorithm type you specified in x-amz-checksum- header is invalid.")
		}
		return errBadDigest.New("The %s you specified did not match the calculated checksum.", strings.ToUpper(e.Algorithm))
	}
	e := errIncompleteBody.New("The request body terminated unexpectedly")
	if errors.Is(err, chunked.ErrLength) {
		e.Message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
	}
	e.Cause = err
	return e
}

// gzipped reports whether gzip is the body's last encoding: what clients add
// stands after what the caller named.
func (x *exchange) gzipped() bool {
	v := x.r.Header["Content-Encoding"]
	if len(v) == 0 {
		return false
	}
	last := v[len(v)-1]
	return strings.EqualFold(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]), "gzip")
}

// inflate decompresses the body, within the bounds of a body that was sent so.
func (x *exchange) inflate() error {
	packed := x.body
	defer packed.free()
	x.body = nil
	z, err := gzip.NewReader(bytes.NewReader(packed.bytes()))
	if err == nil {
		err = x.fill(z, x.server.o.MaxBody, nil)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge):
		return x.entityTooLarge()
	case errors.Is(err, errNoMemory):
		return throttled()
	}
	return &api.Error{Shape: api.ErrSerialization, Cause: err}
}

// inflatedHead returns the beginning of a compressed body, no more of it than a
// stranger's request may cost: enough to see which operation it names.
func (x *exchange) inflatedHead() []byte {
	z, err := gzip.NewReader(bytes.NewReader(x.bytes()))
	if err != nil {
		return nil
	}
	head, _ := io.ReadAll(io.LimitReader(z, unsignedLimit)) // what is malformed is found later
	return head
}

func (x *exchange) entityTooLarge() *api.Error {
	return api.ErrRequestEntityTooLarge.New("Request body exceeds the maximum of %d bytes", x.server.o.MaxBody)
}
