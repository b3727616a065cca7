package edge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"
)

// unsignedLimit is how long a body may be that nobody is known to have signed,
// so that parsing costs a stranger's request little.
const unsignedLimit = 64 << 10

// deadlines are what a ResponseWriter of net/http can be told.
type deadlines interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

var (
	errTooLarge  = errors.New("body too large")
	errNoMemory  = errors.New("no memory for the body")
	errTruncated = errors.New("body ended early")
)

// readBody reads the body into x.body, at most limit bytes of it.
func (x *exchange) readBody(limit int64) error {
	n := x.r.ContentLength
	if n == 0 || x.r.Body == nil || x.r.Body == http.NoBody {
		return nil
	}
	d, ok := x.w.(deadlines)
	if ok {
		_ = d.SetReadDeadline(time.Now().Add(x.server.pace.allowance(min(max(n, 0), limit))))
	}
	err := x.readAll(n, limit)
	x.bytesIn = int64(len(x.bytes()))
	// A deadline that stays would end the context of a call that takes long. After
	// a failure it must stay: net/http goes on to read what is left of the body.
	if ok && err == nil {
		_ = d.SetReadDeadline(time.Time{})
	}
	return err
}

func (x *exchange) readAll(n, limit int64) error {
	switch {
	case n > limit:
		return errTooLarge
	case n > 0:
		return x.readExact(int(n))
	}
	d, ok := x.w.(deadlines)
	if !ok {
		return x.fill(x.r.Body, limit, nil)
	}
	return x.fill(x.r.Body, limit, func(n int) {
		_ = d.SetReadDeadline(x.start.Add(x.server.pace.allowance(int64(n))))
	})
}

// readExact reads a body whose length is known.
func (x *exchange) readExact(n int) error {
	if !x.reserve(int64(n)) {
		return errNoMemory
	}
	x.body = getBuffer(n)
	x.body.b = x.body.b[:n]
	if m, err := io.ReadFull(x.r.Body, x.body.b); err != nil {
		x.body.b = x.body.b[:m]
		return errors.Join(errTruncated, err)
	}
	return nil
}

// fill reads src to its end into x.body, taking memory as it grows. It calls
// arrived with the length so far each time that something has come; nil: nobody
// is interested.
func (x *exchange) fill(src io.Reader, limit int64, arrived func(int)) error {
	for had, room := 0, 1<<smallestClass; ; had, room = room, min(room*4, int(limit)+1) {
		if !x.reserve(int64(room - had)) {
			return errNoMemory
		}
		next := getBuffer(room)
		if x.body != nil {
			next.b = append(next.b, x.body.b...)
			x.body.free()
		}
		x.body = next
		for len(x.body.b) < room {
			m, err := src.Read(x.body.b[len(x.body.b):room])
			x.body.b = x.body.b[:len(x.body.b)+m]
			if int64(len(x.body.b)) > limit {
				return errTooLarge
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return errors.Join(errTruncated, err)
			}
			if arrived != nil {
				arrived(len(x.body.b))
			}
		}
	}
}

// reserve takes memory for the body until the exchange is over.
func (x *exchange) reserve(n int64) bool {
	if !x.server.bodies.take(x.r.Context(), n) {
		return false
	}
	x.bodyBytes += n
	return true
}

// Reserve implements api.Carrier: an operation that may answer at length asks
// before it runs. The memory is the answer's until the exchange is over.
func (x *exchange) Reserve(ctx context.Context, n int64) bool {
	if !x.server.answers.take(ctx, n) {
		return false
	}
	x.answerBytes += n
	return true
}

// settleAnswer makes n of what was reserved for the answer. That may be more than
// there is: the next to come wait for it, since what has taken effect must not be
// answered by throttling.
func (x *exchange) settleAnswer(n int64) {
	x.server.answers.give(x.answerBytes - n)
	x.answerBytes = n
}

// freeBody gives back the memory of the body, to which nothing may refer any more.
func (x *exchange) freeBody() {
	x.body.free()
	x.body = nil
	x.server.bodies.give(x.bodyBytes)
	x.bodyBytes = 0
}

// release gives back what was reserved for the exchange.
func (x *exchange) release() {
	x.server.bodies.give(x.bodyBytes)
	x.server.answers.give(x.answerBytes)
	x.bodyBytes, x.answerBytes = 0, 0
}

// hashBody returns the SHA-256 of the body in hexadecimal.
func (x *exchange) hashBody() string {
	var sum [32]byte
	if x.body != nil {
		sum = sha256.Sum256(x.body.b)
	} else {
		sum = sha256.Sum256(nil)
	}
	var text [64]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
