package edge

import (
	"errors"
	"net/http"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// failWith answers with an error of any kind. What is not an *api.Error is the
// server's own business: it is logged, and the caller learns only that it failed.
func (x *exchange) failWith(err error) {
	if e, ok := errors.AsType[*api.Error](err); ok {
		x.fail(e)
		return
	}
	if x.r.Context().Err() == nil {
		x.server.o.Logger.Error("a call failed", "request", x.requestID, "operation", x.operationName(), "error", err)
	}
	x.fail(x.internal())
}

// internal returns the error for what is not the caller's fault.
func (x *exchange) internal() *api.Error {
	shape := api.ErrInternalFailure
	if x.route.entry != nil {
		shape = x.route.entry.internal
	}
	return &api.Error{Shape: shape, Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// fail answers with an error in the request's protocol.
func (x *exchange) fail(e *api.Error) {
	x.code = e.Shape.Code
	if e.Shape.Fault && e.Cause != nil {
		x.server.o.Logger.Error("a call failed", "request", x.requestID, "operation", x.operationName(), "error", e.Cause)
	}
	if x.route.protocol == nil {
		x.refuse(refuseNoOperation)
		return
	}
	e = inProtocol(e, x.route.protocol.Protocol)
	var op *api.Operation
	if x.route.entry != nil {
		op = x.route.entry.Operation
	}
	buf := getBuffer(0)
	defer buf.free()
	resp := wire.Response{Header: x.w.Header(), Body: buf.b}
	x.route.protocol.codec.EncodeError(x.route.service, op, e, x.requestID, &resp)
	buf.b = resp.Body
	x.write(resp.Status, resp.Body)
}

// refuse answers a request that no protocol was recognised for.
func (x *exchange) refuse(f *refusal) {
	if f.contentType != "" {
		x.w.Header().Set("Content-Type", f.contentType)
	}
	if x.code == "" {
		x.code = "UnknownOperationException"
	}
	x.write(f.status, []byte(f.body))
}

// unknownOperation is the answer where the operation does not exist, or is not built.
func (x *exchange) unknownOperation() *api.Error {
	return &api.Error{Shape: api.ErrUnknownOperation}
}

// throttled is the answer where there is no memory for a request.
func throttled() *api.Error {
	return api.ErrThrottling.New("Rate exceeded")
}

// inProtocol gives the errors that every service has the status that the
// protocol's services send them with: the JSON and CBOR services send all with
// 400, the others refuse who is not known or not allowed with 403.
func inProtocol(e *api.Error, p api.Protocol) *api.Error {
	if p != api.Query && !rest(p) {
		return e
	}
	status := 0
	switch e.Shape {
	case api.ErrMissingAuthentication, api.ErrInvalidSignature, api.ErrUnrecognizedClient, api.ErrAccessDenied:
		status = http.StatusForbidden
	case api.ErrUnknownOperation:
		if rest(p) {
			status = http.StatusNotFound
		}
	}
	if status == 0 {
		return e
	}
	shape := *e.Shape
	shape.Status = status
	changed := *e
	changed.Shape = &shape
	return &changed
}
