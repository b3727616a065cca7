// Package restxml is the codec of REST-XML: members in the path, the query and
// the headers, the others in an XML document, or one member as the whole body.
// The document is that of package xmltext, the rest that of package httpbind.
// Everything here is stateless and safe for concurrent use.
package restxml

import (
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

var document = httpbind.Document{
	Struct: func(doc []byte, s api.Struct, _ bool) error { return xmltext.Decode(doc, s) },
	Payload: func([]byte, *api.Member, any, bool) error {
		return &wire.SyntaxError{Detail: "a payload of a kind that XML does not have"}
	},
}

// Decode implements [wire.Codec].
func (Codec) Decode(op *api.Operation, r *wire.Request, in api.Struct) error {
	return httpbind.DecodeRequest(op, r, in, document)
}

// Encode implements [wire.Codec]. The body is empty where the output has no
// members in it.
func (Codec) Encode(op *api.Operation, out api.Struct, _ string, w *wire.Response) error {
	w.Start(op.Status)
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
			httpbind.SetType(w, mediaType)
		}
		return
	}
	m := &schema.Members[i]
	if m.Schema.Kind != api.KindStruct {
		var kind string
		w.Body, kind, _ = httpbind.AppendRaw(w.Body, out.Member(i))
		httpbind.SetType(w, kind)
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
	httpbind.SetType(w, mediaType)
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
	w.Start(e.Shape.Status)
	httpbind.SetType(w, mediaType)
	if c.BareErrors {
		b := xmltext.AppendError(append(w.Body, "<Error>"...), e)
		w.Body = append(xmltext.AppendText(b, "RequestId", requestID), "</Error>"...)
	} else {
		w.Body = xmltext.AppendErrorResponse(w.Body, svc, e, requestID)
	}
	if e.Fields != nil {
		httpbind.Encode(e.Fields, w)
	}
}
