package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/eventstream"
)

// payloads is what a codec needs for the payloads of events.
type payloads interface {
	ContentType() string
	AppendPayload(dst []byte, s api.Struct) []byte
}

// events is the stream of events of one exchange (reference kinesis-streams §6).
type events struct {
	x       *exchange
	payload payloads
	opened  bool
	buf     *buffer
}

// stream runs an operation that answers with events.
func (x *exchange) stream(ctx context.Context, in api.Struct) {
	payload, ok := x.route.protocol.codec.(payloads)
	if !ok {
		x.fail(x.unknownOperation())
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(x.server.streams, func() { cancel(errDraining) })
	defer stop()
	s := &events{x: x, payload: payload, buf: getBuffer(0)}
	defer s.buf.free()
	err := x.route.entry.Stream(ctx, in, s)
	if x.route.entry.Release != nil {
		x.route.entry.Release(in, nil)
	}
	switch {
	case err == nil && !s.opened:
		x.failWith(errors.New("the operation ended without opening its stream"))
	case err != nil && !s.opened:
		x.failWith(err)
	case err != nil && ctx.Err() == nil:
		s.fail(err)
	}
}

// Open implements api.EventStream.
func (s *events) Open() error {
	h := s.x.w.Header()
	h.Set("Content-Type", eventstream.ContentType)
	s.x.setIDs(h)
	s.opened, s.x.answered, s.x.status = true, true, http.StatusOK
	s.x.w.WriteHeader(http.StatusOK)
	s.buf.b = eventstream.AppendInitialResponse(s.buf.b[:0])
	return s.flush()
}

// Send implements api.EventStream.
func (s *events) Send(event string, payload api.Struct) error {
	b := eventstream.BeginEvent(s.buf.b[:0], event, s.payload.ContentType())
	s.buf.b = eventstream.Finish(s.payload.AppendPayload(b, payload), 0)
	return s.flush()
}

// fail ends the stream with an exception.
func (s *events) fail(err error) {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		s.x.server.o.Logger.Error("a stream failed", "request", s.x.requestID, "operation", s.x.operationName(), "error", err)
		e = s.x.internal()
	}
	s.x.code = e.Shape.Code
	b := eventstream.BeginException(s.buf.b[:0], e.Shape.Code, s.payload.ContentType())
	// Only the body of the error's ordinary answer is wanted.
	resp := wire.Response{Header: make(http.Header), Body: b}
	s.x.route.protocol.codec.EncodeError(s.x.route.service, s.x.route.entry.Operation, e, s.x.requestID, &resp)
	s.buf.b = eventstream.Finish(resp.Body, 0)
	_ = s.flush() // nobody is left to tell
}

// flush writes the message that stands in the buffer.
func (s *events) flush() error {
	if d, ok := s.x.w.(deadlines); ok {
		_ = d.SetWriteDeadline(time.Now().Add(s.x.server.pace.event))
	}
	n, err := s.x.w.Write(s.buf.b)
	s.x.bytesOut += int64(n)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if err := http.NewResponseController(s.x.w).Flush(); err != nil {
		return fmt.Errorf("flush an event: %w", err)
	}
	return nil
}
