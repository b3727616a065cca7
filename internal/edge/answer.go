package edge

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// answer runs an operation that answers at once.
func (x *exchange) answer(ctx context.Context, in api.Struct) {
	e := x.route.entry
	var out api.Struct
	if e.NewOutput != nil {
		out = e.NewOutput()
	}
	if err := e.Call(ctx, in, out); err != nil {
		x.failWith(err)
		return
	}
	buf := getBuffer(int(e.hint.Load()))
	resp := wire.Response{Header: x.w.Header(), Body: buf.b}
	err := x.route.protocol.codec.Encode(e.Operation, out, x.requestID, &resp)
	buf.b = resp.Body
	defer buf.free()
	if e.Release != nil {
		e.Release(in, out)
	}
	api.CallOf(ctx).Done()
	n := int64(len(resp.Body))
	e.hint.Store(max(n, e.hint.Load()*7/8))
	x.settleAnswer(n)
	if err != nil {
		x.failWith(err)
		return
	}
	x.write(resp.Status, resp.Body)
}

// write sends the answer's head and body.
func (x *exchange) write(status int, body []byte) {
	if d, ok := x.w.(deadlines); ok {
		_ = d.SetWriteDeadline(time.Now().Add(x.server.pace.answer(int64(len(body)))))
	}
	h := x.w.Header()
	x.setIDs(h)
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.answered, x.status = true, status
	x.w.WriteHeader(status)
	n, _ := x.w.Write(body) // a client that is gone needs no answer
	x.bytesOut += int64(n)
}

// setIDs sets the headers by which support finds a request again. The names are
// AWS's own, whose case some clients show.
func (x *exchange) setIDs(h http.Header) {
	ids := []string{x.requestID, newExtendedID()}
	h["x-amzn-RequestId"] = ids[:1:1]
	h["x-amz-id-2"] = ids[1:]
}

// close ends the connection after the answer, since the body was not read.
func (x *exchange) close() {
	if x.r.ProtoMajor == 1 {
		x.w.Header().Set("Connection", "close")
	}
}
