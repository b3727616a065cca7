package wire

import (
	"net/http"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// SetErrorHeaders sets the headers by which JSON and CBOR clients know an error:
// its type and, where the service once spoke the Query protocol, the code it had
// there and whose fault it is.
func SetErrorHeaders(svc *api.Service, e *api.Error, h http.Header) {
	h["X-Amzn-Errortype"] = []string{e.Shape.Code}
	if svc == nil || !svc.QueryErrors {
		return
	}
	code, fault := e.Shape.QueryCode, ";Sender"
	if code == "" {
		code = e.Shape.Code
	}
	if e.Shape.Fault {
		fault = ";Receiver"
	}
	h["X-Amzn-Query-Error"] = []string{code + fault}
}

// ErrorType returns the name of an error in a document: with a namespace where the
// service has one, which for errors beside its model is that of AWS's framework.
func ErrorType(svc *api.Service, e *api.Error) string {
	switch {
	case svc == nil || svc.ErrorNamespace == "":
		return e.Shape.Code
	case e.Shape.Schema == nil:
		return "com.amazon.coral.service#" + e.Shape.Code
	}
	return svc.ErrorNamespace + "#" + e.Shape.Code
}

// MessageMember returns the name on the wire of an error's message: the shape's
// own where its model has one, else AWS's. message is lower case but for
// SerializationException (reference kinesis-streams §2.3).
func MessageMember(shape *api.ErrorShape) string {
	if shape.Schema != nil {
		for i := range shape.Schema.Members {
			if m := &shape.Schema.Members[i]; strings.EqualFold(m.Name, "message") {
				return m.Wire
			}
		}
	}
	if shape.Code == api.ErrSerialization.Code {
		return "Message"
	}
	return "message"
}

// MemberIndex returns the index of the member that has this name on the wire,
// -1 where there is none or s is nil.
func MemberIndex(s api.Struct, name string) int {
	if s == nil {
		return -1
	}
	return s.Schema().Lookup([]byte(name), 0)
}
