package edge

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/wire"
)

// exchange is one request and its answer.
type exchange struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	start  time.Time

	signed    sigv4.Request
	signature sigv4.Signature
	route     route
	requestID string
	principal *api.Principal

	body                   *buffer
	bodyBytes, answerBytes int64 // taken from the budgets

	status   int
	code     string
	bytesIn  int64 // of the body as it was sent
	bytesOut int64
	answered bool // the head of the answer is written
}

// serve runs the whole chain. It reports whether nothing refers to the exchange
// any more, which is so but for a service that panicked.
func (x *exchange) serve() (clean bool) {
	x.requestID = newRequestID()
	path, query := target(x.r)
	x.signed = sigv4.Request{Method: x.r.Method, Path: path, Query: query, Host: x.r.Host, Header: x.r.Header, ContentLength: x.r.ContentLength}
	defer x.finish(&clean)
	x.run()
	return true
}

// finish runs when the chain has, also when it panicked.
func (x *exchange) finish(clean *bool) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			x.release()
			panic(p)
		}
		x.server.o.Logger.Error("BUG: a call panicked", "request", x.requestID, "operation", x.operationName(), "panic", p, "stack", string(debug.Stack()))
		x.failed()
		*clean = false
	} else {
		x.freeBody()
	}
	x.release()
	e := Event{
		RequestID: x.requestID, Status: x.status, Code: x.code, Duration: time.Since(x.start),
		BytesIn: x.bytesIn, BytesOut: x.bytesOut, Region: x.signature.Scope.Region,
	}
	if x.route.protocol != nil {
		e.Protocol = x.route.protocol.name
	}
	if x.route.service != nil {
		e.Service = x.route.service.ID
	}
	if x.route.entry != nil {
		e.Operation = x.route.entry.Name
	}
	if x.principal != nil {
		e.Account = x.principal.Account
	}
	x.server.o.Observer.Observe(e)
}

// failed answers a call that panicked, if there is still an answer to give.
func (x *exchange) failed() {
	if x.answered {
		panic(http.ErrAbortHandler) // the client must not take what it has for an answer
	}
	x.fail(x.internal())
}

// run is the order of checks.
func (x *exchange) run() {
	claim := x.server.o.Auth.Claim(&x.signed, &x.signature)
	limit := x.server.o.MaxBody
	if claim != nil {
		limit = min(limit, unsignedLimit)
	}
	size := x.readBody(limit + x.framing(limit))
	x.route = x.findRoute()
	switch {
	case errors.Is(size, errNoMemory):
		x.fail(throttled())
		return
	case errors.Is(size, errTooLarge):
		x.tooLarge(claim)
		return
	case size != nil:
		x.close()
		x.fail(api.ErrSerialization.New(""))
		return
	}
	if x.route.refusal != nil {
		if x.route.refusal == refusePlainJSON && !json.Valid(x.bytes()) {
			x.fail(api.ErrSerialization.New(""))
			return
		}
		x.refuse(x.route.refusal)
		return
	}
	x.call(claim)
}

// tooLarge answers a body that was not read to its end: it is larger than any
// may be, or than one may be whose caller is not known.
func (x *exchange) tooLarge(claim error) {
	x.close()
	if claim != nil && x.r.ContentLength <= x.server.o.MaxBody {
		x.failWith(claim)
		return
	}
	if x.route.protocol == nil {
		x.code = api.ErrRequestEntityTooLarge.Code
		x.refuse(refuseTooLarge)
		return
	}
	x.fail(x.entityTooLarge())
}

// call decodes, checks and runs an operation, and writes its answer.
func (x *exchange) call(claim error) {
	e := x.route.entry
	if e == nil {
		x.fail(x.unknownOperation())
		return
	}
	auth := claim
	if auth == nil {
		auth = x.verify(e)
	}
	if (e.Unsigned || e.Anonymous) && !x.encoded(e) && errors.Is(auth, &api.Error{Shape: api.ErrMissingAuthentication}) {
		x.principal, auth = x.server.o.Auth.Anonymous(), nil
	}
	if auth != nil && (len(x.bytes()) > unsignedLimit || x.encoded(e)) {
		x.failWith(auth)
		return
	}
	if auth == nil {
		if err := x.unpack(e); err != nil {
			x.failWith(err)
			return
		}
	}
	in, types, syntax := x.decode(e)
	for _, err := range [...]error{syntax, auth} {
		if err != nil {
			x.failWith(err)
			return
		}
	}
	if !e.built() {
		x.fail(x.unknownOperation())
		return
	}
	if types != nil {
		x.failWith(types)
		return
	}
	if in != nil && !e.Service.Validates {
		if err := api.Validate(in); err != nil {
			x.fail(err)
			return
		}
	}
	c := &api.Call{RequestID: x.requestID, Operation: e.Operation, Principal: x.principal, Account: x.principal.Account, Region: x.signature.Scope.Region, Carrier: x}
	defer c.Done()
	ctx := api.WithCall(x.r.Context(), c)
	if err := x.server.o.Authorizer.Authorize(ctx, c, in); err != nil {
		x.failWith(err)
		return
	}
	if !e.Alias {
		// The call may take long, as a receive that waits does.
		x.freeBody()
	}
	if e.Stream != nil {
		x.stream(ctx, in)
		return
	}
	x.answer(ctx, in)
}

// HTTP implements api.Carrier.
func (x *exchange) HTTP() api.HTTP {
	return api.HTTP{
		Protocol: x.route.protocol.Protocol, TLS: x.r.TLS != nil || TLSState(x.r.Context()) != nil, Host: x.signed.Host, Path: x.signed.Path,
		RemoteAddr: x.r.RemoteAddr, TraceID: first(x.r.Header, "X-Amzn-Trace-Id"),
	}
}

// verify checks the signature; its claim is sound.
func (x *exchange) verify(e *entry) error {
	// The signature of a streamed body says nothing of its content: each chunk has
	// its own, which only operations that take chunks look at.
	if x.signature.Streaming() && !e.Chunked {
		return api.ErrInvalidSignature.New("x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.")
	}
	var hash string
	if !x.server.o.Auth.Open() {
		hash = x.hashBody()
	}
	p, err := x.server.o.Auth.Verify(&x.signed, &x.signature, e.Service.SigningName, hash)
	if err != nil {
		return err
	}
	x.principal = p
	return nil
}

// decode reads the operation's input. Operations that are not built have no
// shapes to read it into.
func (x *exchange) decode(e *entry) (in api.Struct, types, syntax error) {
	if e.Input != nil && e.NewInput == nil {
		return nil, nil, nil
	}
	if e.NewInput != nil {
		in = e.NewInput()
	}
	err := x.route.protocol.codec.Decode(e.Operation, &wire.Request{
		Method: x.r.Method, Path: x.signed.Path, Query: x.signed.Query, Header: x.r.Header, Body: x.bytes(), Labels: x.route.labels,
	}, in)
	switch err := err.(type) {
	case nil:
		return in, nil, nil
	case *wire.TypeError:
		return in, &api.Error{Shape: api.ErrSerialization, Message: err.Message}, nil
	case *wire.SyntaxError:
		return in, nil, &api.Error{Shape: api.ErrSerialization, Message: err.Message, Cause: err}
	}
	return in, nil, err
}

func (x *exchange) bytes() []byte { return x.body.bytes() }

func (x *exchange) operationName() string {
	if x.route.entry == nil {
		return ""
	}
	return x.route.entry.Service.ID + ":" + x.route.entry.Name
}

// target returns path and query as they were sent.
func target(r *http.Request) (path, query string) {
	if !strings.HasPrefix(r.RequestURI, "/") {
		return r.URL.EscapedPath(), r.URL.RawQuery
	}
	path, query, _ = strings.Cut(r.RequestURI, "?")
	return path, query
}
