package edge

import (
	"context"
	"errors"
	"net/http"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// failWith answers with an error of any kind. What is not an *api.Error is the
// server's own business: it is logged, and the caller learns only that it failed, or
// what Options.Explain lets it know.
func (x *exchange) failWith(err error) {
	if e, ok := errors.AsType[*api.Error](err); ok {
		x.fail(e)
		return
	}
	if x.server.draining.Load() && (errors.Is(err, context.Canceled) || errors.Is(err, errDraining)) {
		x.fail(api.ErrServiceUnavailable.New("Service is unable to handle request: it is shutting down."))
		return
	}
	if x.r.Context().Err() == nil {
		x.server.o.Logger.Error("a call failed", "request", x.requestID, "operation", x.operationName(), "error", err)
	}
	e := x.internal()
	if explain := x.server.o.Explain; explain != nil {
		if why := explain(err); why != "" {
			e.Message = why
		}
	}
	x.fail(e)
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
	e = inProtocol(e, x.route.service, x.route.protocol.Protocol)
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
	if x.route.protocol == query && x.route.service != nil {
		action, _ := x.action()
		if text := x.route.service.UnknownAction; text != "" {
			return api.ErrUnknownOperation.New(text, action)
		}
		return api.ErrUnknownOperation.New("Could not find operation %s for version %s", action, x.route.service.APIVersion)
	}
	return &api.Error{Shape: api.ErrUnknownOperation}
}

// throttled is the answer where there is no memory for a request.
func throttled() *api.Error {
	return api.ErrThrottling.New("Rate exceeded")
}

// variant is how a protocol's services answer an error that every service has.
type variant struct {
	code   string // empty: the code that it has everywhere
	status int
}

// The JSON and CBOR services send these errors with status 400, but for those that
// were Query's first; the others have statuses, and S3 has codes, of their own.
var (
	queryVariants = map[*api.ErrorShape]variant{
		api.ErrMissingAuthentication: {"", http.StatusForbidden},
		api.ErrInvalidSignature:      {"", http.StatusForbidden},
		api.ErrUnrecognizedClient:    {"", http.StatusForbidden},
		api.ErrAccessDenied:          {"", http.StatusForbidden},
	}
	restVariants = map[*api.ErrorShape]variant{
		api.ErrMissingAuthentication: {"", http.StatusForbidden},
		api.ErrInvalidSignature:      {"", http.StatusForbidden},
		api.ErrUnrecognizedClient:    {"", http.StatusForbidden},
		api.ErrAccessDenied:          {"", http.StatusForbidden},
		api.ErrUnknownOperation:      {"", http.StatusNotFound},
		api.ErrThrottling:            {"", http.StatusTooManyRequests},
	}
	s3Variants = map[*api.ErrorShape]variant{
		api.ErrMissingAuthentication: {"AccessDenied", http.StatusForbidden},
		api.ErrInvalidSignature:      {"SignatureDoesNotMatch", http.StatusForbidden},
		api.ErrIncompleteSignature:   {"AuthorizationHeaderMalformed", http.StatusBadRequest},
		api.ErrUnrecognizedClient:    {"InvalidAccessKeyId", http.StatusForbidden},
		api.ErrAccessDenied:          {"AccessDenied", http.StatusForbidden},
		api.ErrUnknownOperation:      {"NotImplemented", http.StatusNotImplemented},
		api.ErrThrottling:            {"SlowDown", http.StatusServiceUnavailable},
		api.ErrInternalFailure:       {"InternalError", http.StatusInternalServerError},
		api.ErrRequestEntityTooLarge: {"EntityTooLarge", http.StatusBadRequest},
		api.ErrSerialization:         {"MalformedXML", http.StatusBadRequest},
	}
)

// inProtocol gives an error the form that the protocol's services have for it.
func inProtocol(e *api.Error, svc *api.Service, p api.Protocol) *api.Error {
	var v variant
	switch {
	case p == api.RESTJSON:
		v = restVariants[e.Shape]
	case p == api.RESTXML:
		v = s3Variants[e.Shape]
	case p == api.Query || svc != nil && svc.QueryErrors:
		v = queryVariants[e.Shape]
	}
	if v.status == 0 {
		return e
	}
	shape, changed := *e.Shape, *e
	shape.Status = v.status
	if v.code != "" {
		shape.Code, shape.QueryCode = v.code, v.code
	}
	changed.Shape = &shape
	return &changed
}
