// Package rpccbor is the codec of Smithy RPC v2 CBOR: operations named by the
// path, one CBOR document each way, times as seconds under tag 1
// (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html). It is
// stateless and safe for concurrent use.
package rpccbor

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/cbor"
)

// Codec is the protocol.
type Codec struct{}

var _ wire.Codec = Codec{}

var profile cbor.Profile

// contentType and smithyProtocol are shared by all responses; net/http does not
// write to them.
var (
	contentType    = []string{"application/cbor"}
	smithyProtocol = []string{"rpc-v2-cbor"}
)

// ContentType returns the media type of the protocol's messages.
func (Codec) ContentType() string { return contentType[0] }

// Decode implements [wire.Codec]. An empty body is an input without members.
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	switch {
	case len(r.Body) == 0:
		return nil
	case in == nil:
		return cbor.CheckMap(r.Body)
	}
	return profile.DecodeStruct(r.Body, in, op.Alias)
}

// Encode implements [wire.Codec]. The answer of an operation without output has
// neither body nor content type.
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	head(w, op.Status)
	if out != nil {
		w.Header["Content-Type"] = contentType
		w.Body = profile.AppendStruct(w.Body, out)
	}
	return nil
}

// EncodeError implements [wire.Codec]. __type is the shape's bare name, which
// clients take as they take a full shape id.
func (Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, _ string, w *wire.Response) {
	head(w, e.Shape.Status)
	w.Header["Content-Type"] = contentType
	wire.SetErrorHeaders(svc, e, w.Header)
	w.Body = profile.AppendError(w.Body, e)
}

// AppendPayload appends a structure as it stands in an event's payload.
func (Codec) AppendPayload(dst []byte, s api.Struct) []byte {
	return profile.AppendStruct(dst, s)
}

func head(w *wire.Response, status int) {
	w.Start(status)
	w.Header["Smithy-Protocol"] = smithyProtocol
}
