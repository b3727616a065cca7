// Package restxml is the codec of REST-XML: members in the path, the query and
// the headers, the others in an XML document, or one member as the whole body.
// The document is that of package xmltext, the rest that of package httpbind.
// Everything here is stateless and safe for concurrent use.
package restxml

import (
	"errors"
	"net/http"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/httpbind"
	"github.com/millrace/millrace/internal/wire/xmltext"
)

// Codec is the protocol. Its zero value is ready.
type Codec struct {
	// BareErrors: an error's element is the root of its document, as S3 has it
	// (the trait noErrorWrapping, which botocore's models lack).
	BareErrors bool
}

var _ wire.Codec = Codec{}

const mediaType = "application/xml"

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
		return xmltext.Decode(body, in)
	case i < 0:
		return nil
	case schema.Members[i].Schema.Kind == api.KindStruct:
		return xmltext.Decode(body, in.Nested(i, true))
	case httpbind.DecodeRaw(in.Member(i), body, alias):
		return nil
	}
	return &wire.SyntaxError{Detail: "a payload of a kind that XML does not have"}
}

// Encode implements [wire.Codec]. The body is empty where the output has no
// members in it.
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	start(w, op.Status)
	if out == nil {
		return nil
	}
	if op.Status != http.StatusNoContent {
		encodeBody(op, out, w)
	}
	httpbind.Encode(out, w)
	return nil
}

func encodeBody(op *api.Operation, out api.Struct, w *wire.Response) {
	schema := out.Schema()
	i := httpbind.Payload(schema)
	if i < 0 {
		if httpbind.HasDocument(schema) {
			ns := schema.Namespace
			if ns.URI == "" {
				ns.URI = op.Service.XMLNamespace
			}
			w.Body = xmltext.AppendRoot(w.Body, rootName(schema), ns, out)
			setType(w, mediaType)
		}
		return
	}
	m := &schema.Members[i]
	if m.Schema.Kind != api.KindStruct {
		var kind string
		w.Body, kind, _ = httpbind.AppendRaw(w.Body, out.Member(i))
		setType(w, kind)
		return
	}
	payload := out.Nested(i, false)
	if payload == nil {
		return
	}
	name, ns := m.Wire, m.Namespace
	if name == m.Name {
		name = rootName(m.Schema)
	}
	if ns.URI == "" {
		ns = m.Schema.Namespace
	}
	w.Body = xmltext.AppendRoot(w.Body, name, ns, payload)
	setType(w, mediaType)
}

// rootName returns the name of a document's root element.
func rootName(s *api.Schema) string {
	if s.XMLName != "" {
		return s.XMLName
	}
	return s.Name
}

// EncodeError implements [wire.Codec].
func (c Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, requestID string, w *wire.Response) {
	start(w, e.Shape.Status)
	setType(w, mediaType)
	if c.BareErrors {
		b := xmltext.AppendError(append(w.Body, "<Error>"...), e)
		w.Body = append(xmltext.AppendText(b, "RequestId", requestID), "</Error>"...)
	} else {
		b := append(w.Body, "<ErrorResponse"...)
		if svc != nil {
			b = xmltext.AppendNamespace(b, api.Namespace{URI: svc.XMLNamespace})
		}
		b = xmltext.AppendText(append(b, "><Error>"...), "Type", xmltext.ErrorType(e))
		b = append(xmltext.AppendError(b, e), "</Error>"...)
		w.Body = append(xmltext.AppendText(b, "RequestId", requestID), "</ErrorResponse>"...)
	}
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
