// Package awsjson is the codec of AWS JSON 1.0 and 1.1: operations named by the
// X-Amz-Target header, one JSON document each way. REST-JSON reuses its
// structures ([DecodeStruct], [AppendStruct]).
//
// Decoding walks schema and text together: there is no intermediate tree and, on
// operations whose input may alias the request, no memory per member. Blobs are
// decoded and escapes undone in place, so a decoded body is destroyed.
//
// What a codec decides beyond the JSON grammar is AWS's (reference
// kinesis-streams §2.3, §2.4): null is absent, unknown members are skipped, of
// members given twice the last wins (the members of a structure given twice are
// joined), numbers for integers are rounded down and kept within the type's
// range. Everything here is stateless and safe for
// concurrent use.
package awsjson

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/jsontext"
)

// Codec is one version of the protocol. The versions differ in their content
// type only.
type Codec struct{ contentType []string }

var _ wire.Codec = (*Codec)(nil)

// The versions.
var (
	V10 = &Codec{[]string{"application/x-amz-json-1.0"}}
	V11 = &Codec{[]string{"application/x-amz-json-1.1"}}
)

// ContentType returns the media type of the version's messages.
func (c *Codec) ContentType() string { return c.contentType[0] }

// Decode implements [wire.Codec]. An empty body is malformed, as it is to AWS,
// unless the operation has no input.
func (c *Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	if in == nil {
		return skipInput(r.Body)
	}
	return DecodeStruct(r.Body, in, Options{Alias: op.Alias})
}

// skipInput checks the body of an operation without input.
func skipInput(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	scan := jsontext.NewScanner(body)
	if scan.Kind() != jsontext.Object {
		scan.Fail("body that is not an object")
	}
	scan.Skip()
	return finish(&scan, nil)
}

// Encode implements [wire.Codec]. An operation without output has an empty body
// (reference kinesis-streams §2.2).
func (c *Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	c.head(w, op.Status)
	if out != nil {
		w.Body = AppendStruct(w.Body, out, Options{})
	}
	return nil
}

// EncodeError implements [wire.Codec].
func (c *Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, _ string, w *wire.Response) {
	c.head(w, e.Shape.Status)
	wire.SetErrorHeaders(svc, e, w.Header)
	w.Body = AppendError(w.Body, wire.ErrorType(svc, e), e)
}

// AppendPayload appends a structure as it stands in an event's payload.
func (c *Codec) AppendPayload(dst []byte, s api.Struct) []byte {
	return AppendStruct(dst, s, Options{})
}

func (c *Codec) head(w *wire.Response, status int) {
	w.Start(status)
	w.Header["Content-Type"] = c.contentType
}
