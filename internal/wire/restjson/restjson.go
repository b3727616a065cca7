// Package restjson is the codec of REST-JSON: members in the path, the query and
// the headers, the others in a JSON document, or one member as the whole body.
// The document is that of package awsjson, the rest that of package httpbind.
// Everything here is stateless and safe for concurrent use.
package restjson

import (
	"errors"
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

// Decode implements [wire.Codec]. An empty body is an empty document. The body of
// an operation that has no members there is not looked at.
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	if in == nil {
		return nil
	}
	bound := httpbind.Decode(r, in)
	if _, malformed := errors.AsType[*wire.SyntaxError](bound); malformed {
		return bound
	}
	err := decodeBody(r.Body, in, op.Alias)
	if _, malformed := errors.AsType[*wire.SyntaxError](err); malformed || bound == nil {
		return err
	}
	return bound
}

func decodeBody(body []byte, in api.Struct, alias bool) error {
	schema := in.Schema()
	i := httpbind.Payload(schema)
	switch {
	case len(body) == 0:
		return nil
	case i < 0 && httpbind.HasDocument(schema):
		return awsjson.DecodeStruct(body, in, awsjson.Options{Alias: alias, BodyOnly: true})
	case i < 0:
		return nil
	case schema.Members[i].Schema.Kind == api.KindStruct:
		return awsjson.DecodeStruct(body, in.Nested(i, true), awsjson.Options{Alias: alias})
	case httpbind.DecodeRaw(in.Member(i), body, alias):
		return nil
	}
	return awsjson.DecodeValue(body, &schema.Members[i], in.Member(i), awsjson.Options{Alias: alias})
}

// Encode implements [wire.Codec]. An operation with output has a document, be it
// empty, unless a payload stands in its place or the status allows no body.
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	start(w, op.Status)
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
		setType(w, mediaType)
		return
	}
	m := &out.Schema().Members[i]
	if m.Schema.Kind == api.KindStruct {
		if payload := out.Nested(i, false); payload != nil {
			w.Body = awsjson.AppendStruct(w.Body, payload, awsjson.Options{})
			setType(w, mediaType)
		}
		return
	}
	if body, kind, raw := httpbind.AppendRaw(w.Body, out.Member(i)); raw {
		w.Body = body
		setType(w, kind)
	} else if p := out.Member(i); wire.Present(p) {
		w.Body = awsjson.AppendValue(w.Body, m, p)
		setType(w, mediaType)
	}
}

// EncodeError implements [wire.Codec]. The error's type is a header, not a member.
func (Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, _ string, w *wire.Response) {
	start(w, e.Shape.Status)
	setType(w, mediaType)
	wire.SetErrorHeaders(svc, e, w.Header)
	w.Body = awsjson.AppendErrorMembers(w.Body, e)
	if e.Fields != nil {
		httpbind.Encode(e.Fields, w)
	}
}

func start(w *wire.Response, status int) {
	if w.Header == nil {
		w.Header = make(http.Header, 4)
	}
	w.Status = status
}

func setType(w *wire.Response, mediaType string) {
	if mediaType != "" {
		w.Header["Content-Type"] = []string{mediaType}
	}
}
