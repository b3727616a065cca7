// Package restjson is the codec of REST-JSON: members in the path, the query and
// the headers, the others in a JSON document, or one member as the whole body.
// The document is that of package awsjson, the rest that of package httpbind.
// Everything here is stateless and safe for concurrent use.
package restjson

import (
	"net/http"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
	"github.com/millrace/millrace/internal/wire/httpbind"
)

// Codec is the protocol. Its zero value is ready.
type Codec struct{}

var _ wire.Codec = Codec{}

const mediaType = "application/json"

var document = httpbind.Document{
	Struct: func(doc []byte, s api.Struct, alias bool) error {
		return awsjson.DecodeStruct(doc, s, awsjson.Options{Alias: alias, BodyOnly: true})
	},
	Payload: func(doc []byte, m *api.Member, p any, alias bool) error {
		return awsjson.DecodeValue(doc, m, p, awsjson.Options{Alias: alias})
	},
}

// Decode implements [wire.Codec].
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	return httpbind.DecodeRequest(op, r, in, document)
}

// Encode implements [wire.Codec]. An operation with output has a document, be it
// empty, unless a payload stands in its place or the status allows no body.
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	w.Start(op.Status)
	if out == nil {
		return nil
	}
	if op.Status != http.StatusNoContent {
		encodeBody(out, w)
	}
	httpbind.Encode(out, w)
	return nil
}

func encodeBody(out api.Struct, w *wire.Response) {
	i := httpbind.Payload(out.Schema())
	if i < 0 {
		w.Body = awsjson.AppendStruct(w.Body, out, awsjson.Options{BodyOnly: true})
		httpbind.SetType(w, mediaType)
		return
	}
	m := &out.Schema().Members[i]
	if m.Schema.Kind == api.KindStruct {
		if payload := out.Nested(i, false); payload != nil {
			w.Body = awsjson.AppendStruct(w.Body, payload, awsjson.Options{})
			httpbind.SetType(w, mediaType)
		}
		return
	}
	if body, kind, raw := httpbind.AppendRaw(w.Body, out.Member(i)); raw {
		w.Body = body
		httpbind.SetType(w, kind)
	} else if p := out.Member(i); wire.Present(p) {
		w.Body = awsjson.AppendValue(w.Body, m, p)
		httpbind.SetType(w, mediaType)
	}
}

// EncodeError implements [wire.Codec]. The error's type is a header, not a member.
func (Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, _ string, w *wire.Response) {
	w.Start(e.Shape.Status)
	httpbind.SetType(w, mediaType)
	wire.SetErrorHeaders(svc, e, w.Header)
	w.Body = awsjson.AppendErrorMembers(w.Body, e)
	if e.Fields != nil {
		httpbind.Encode(e.Fields, w)
	}
}
