// Package wire is what the codecs of AWS's protocols have in common: the parts
// of a request and of a response that they see, and the kinds of errors that
// they find. The codecs are its child packages. They know no service: all they
// know of an operation comes from its table.
package wire

import (
	"net/http"

	"github.com/millrace/millrace/internal/api"
)

// Request is what a codec sees of an HTTP request.
type Request struct {
	Method string
	Path   string // as it was sent, still escaped
	Query  string // as it was sent, still escaped
	Header http.Header
	// Body is the whole body, content encodings and aws-chunked undone. A codec
	// may destroy it, and its strings and blobs alias it where Operation.Alias says so.
	Body []byte
	// Labels are the path's labels by name, unescaped, where the route has any.
	Labels map[string]string
}

// Response is what a codec makes. Header may hold entries already; a codec sets
// Content-Type and the headers of its bindings. Body is appended to, so that its
// memory can be used again.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Start begins the response: its status, and a header to write to.
func (w *Response) Start(status int) {
	if w.Header == nil {
		w.Header = make(http.Header, 4)
	}
	w.Status = status
}

// Codec is one protocol, on the server's side. It is stateless and safe for
// concurrent use.
type Codec interface {
	// Decode fills in, which is zero. It returns nil, a *SyntaxError where the
	// message is not of the protocol's form, or a *TypeError where a member is not
	// of its type; in the latter case the rest of the message was still read.
	Decode(op *api.Operation, r *Request, in api.Struct) error
	// Encode writes a success. out is nil where the operation has no output.
	Encode(op *api.Operation, out api.Struct, requestID string, w *Response) error
	// EncodeError writes an error. op is nil where it is not known.
	EncodeError(svc *api.Service, op *api.Operation, e *api.Error, requestID string, w *Response)
}

// SyntaxError says that a message does not parse.
type SyntaxError struct {
	Message string // for the caller; often empty, as AWS's is
	Detail  string // for the log
}

func (e *SyntaxError) Error() string { return "malformed message: " + e.Detail }

// TypeError says that a member is not of its type, in AWS's words.
type TypeError struct{ Message string }

func (e *TypeError) Error() string { return e.Message }
