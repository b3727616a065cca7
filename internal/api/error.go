package api

import "fmt"

// ErrorShape is one kind of error in a service's table.
type ErrorShape struct {
	Code      string  // the shape's name, which is the code in JSON and CBOR
	QueryCode string  // the code in Query and XML; Code where the model has none
	Status    int     // HTTP status
	Fault     bool    // the server's fault
	Throttle  bool    // clients back off and try again
	Schema    *Schema // nil for errors that no model lists
}

// Errors that every service answers with, in its protocol's form. Statuses and
// names as AWS's JSON services send them (reference kinesis-streams §2.3).
var (
	ErrValidation            = &ErrorShape{Code: "ValidationException", QueryCode: "ValidationError", Status: 400}
	ErrSerialization         = &ErrorShape{Code: "SerializationException", QueryCode: "MalformedInput", Status: 400}
	ErrUnknownOperation      = &ErrorShape{Code: "UnknownOperationException", QueryCode: "InvalidAction", Status: 400}
	ErrMissingAuthentication = &ErrorShape{Code: "MissingAuthenticationTokenException", QueryCode: "MissingAuthenticationToken", Status: 400}
	ErrIncompleteSignature   = &ErrorShape{Code: "IncompleteSignatureException", QueryCode: "IncompleteSignature", Status: 400}
	ErrInvalidSignature      = &ErrorShape{Code: "InvalidSignatureException", QueryCode: "SignatureDoesNotMatch", Status: 400}
	ErrUnrecognizedClient    = &ErrorShape{Code: "UnrecognizedClientException", QueryCode: "InvalidClientTokenId", Status: 400}
	ErrAccessDenied          = &ErrorShape{Code: "AccessDeniedException", QueryCode: "AccessDenied", Status: 400}
	ErrThrottling            = &ErrorShape{Code: "ThrottlingException", QueryCode: "Throttling", Status: 400, Throttle: true}
	ErrInternalFailure       = &ErrorShape{Code: "InternalFailure", QueryCode: "InternalFailure", Status: 500, Fault: true}
	ErrServiceUnavailable    = &ErrorShape{Code: "ServiceUnavailable", QueryCode: "ServiceUnavailable", Status: 503, Fault: true}
	ErrRequestEntityTooLarge = &ErrorShape{Code: "RequestEntityTooLargeException", QueryCode: "RequestEntityTooLarge", Status: 413}
)

// Error is what a caller did wrong, or what the server tells it went wrong. A
// service returns it; any other error is logged and becomes InternalFailure.
type Error struct {
	Shape   *ErrorShape
	Message string
	Fields  Struct // modelled members beyond the message; nil for most
	Cause   error  // for the log, never for the caller
}

// New returns an error of this shape. The message is a format where args follow.
func (s *ErrorShape) New(message string, args ...any) *Error {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	return &Error{Shape: s, Message: message}
}

func (e *Error) Error() string { return e.Shape.Code + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an Error of the same shape.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Shape == e.Shape
}
