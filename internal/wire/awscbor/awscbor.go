// Package awscbor is the codec of AWS's CBOR 1.1, which Java clients speak to
// services of JSON 1.1: the same targets and members, the documents in CBOR, and
// times as integer milliseconds under tag 1 (reference kinesis-streams §2.5). It
// is stateless and safe for concurrent use.
package awscbor

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/cbor"
)

// Codec is the protocol.
type Codec struct{}

var _ wire.Codec = Codec{}

var profile = cbor.Profile{Millis: true}

// contentType is shared by all responses; net/http does not write to it.
var contentType = []string{"application/x-amz-cbor-1.1"}

// ContentType returns the media type of the protocol's messages.
func (Codec) ContentType() string { return contentType[0] }

// Decode implements [wire.Codec]. An empty body is malformed, as it is to AWS,
// unless the operation has no input.
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	switch {
	case in != nil:
		return profile.DecodeStruct(r.Body, in, op.Alias)
	case len(r.Body) == 0:
		return nil
	}
	return cbor.CheckMap(r.Body)
}

// Encode implements [wire.Codec]. An operation without output has an empty body
// (reference kinesis-streams §2.2).
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	head(w, op.Status)
	if out != nil {
		w.Body = profile.AppendStruct(w.Body, out)
	}
	return nil
}

// EncodeError implements [wire.Codec].
func (Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, _ string, w *wire.Response) {
	head(w, e.Shape.Status)
	wire.SetErrorHeaders(svc, e, w.Header)
	w.Body = profile.AppendError(w.Body, e)
}

// AppendPayload appends a structure as it stands in an event's payload.
func (Codec) AppendPayload(dst []byte, s api.Struct) []byte {
	return profile.AppendStruct(dst, s)
}

func head(w *wire.Response, status int) {
	w.Start(status)
	w.Header["Content-Type"] = contentType
}
