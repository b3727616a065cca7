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
	s := &events{x: x, payload: payload}
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
	return s.send(0, eventstream.AppendInitialResponse)
}

// Send implements api.EventStream.
func (s *events) Send(event string, payload api.Struct) error {
	hint := &s.x.route.entry.hint
	return s.send(int(hint.Load()), func(b []byte) []byte {
		b = s.payload.AppendPayload(eventstream.BeginEvent(b, event, s.payload.ContentType()), payload)
		b = eventstream.Finish(b, 0)
		hint.Store(max(int64(len(b)), hint.Load()*7/8))
		return b
	})
}

// fail ends the stream with an exception.
func (s *events) fail(err error) {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		s.x.server.o.Logger.Error("a stream failed", "request", s.x.requestID, "operation", s.x.operationName(), "error", err)
		e = s.x.internal()
	}
	s.x.code = e.Shape.Code
	_ = s.send(0, func(b []byte) []byte { // nobody is left to tell
		// Only the body of the error's ordinary answer is wanted.
		resp := wire.Response{Header: make(http.Header), Body: eventstream.BeginException(b, e.Shape.Code, s.payload.ContentType())}
		s.x.route.protocol.codec.EncodeError(s.x.route.service, s.x.route.entry.Operation, e, s.x.requestID, &resp)
		return eventstream.Finish(resp.Body, 0)
	})
}

// send writes one message and flushes it. A stream holds memory only while it
// does so: most of its life it waits.
func (s *events) send(size int, message func([]byte) []byte) error {
	buf := getBuffer(size)
	defer buf.free()
	buf.b = message(buf.b)
	if d, ok := s.x.w.(deadlines); ok {
		_ = d.SetWriteDeadline(time.Now().Add(s.x.server.pace.event))
	}
	n, err := s.x.w.Write(buf.b)
	s.x.bytesOut += int64(n)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if err := http.NewResponseController(s.x.w).Flush(); err != nil {
		return fmt.Errorf("flush an event: %w", err)
	}
	return nil
}
