package httpbind

import (
	"errors"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// Document is how a protocol reads the documents in bodies. The errors of its
// functions are those of [wire.Codec].
type Document struct {
	// Struct reads a document into those members of s that stand in the body.
	Struct func(doc []byte, s api.Struct, alias bool) error
	// Payload reads a document that is one member, and neither a structure nor raw.
	Payload func(doc []byte, m *api.Member, p any, alias bool) error
}

// DecodeRequest decodes a request: members in the path, the query and the
// headers, the others in a document, or one member as the whole body. An empty
// body is an empty document; one of an operation that has no members there is not
// looked at.
func DecodeRequest(op *api.Operation, r *wire.Request, in api.Struct, doc Document) error {
	if in == nil {
		return nil
	}
	bound := decodeBindings(r, in)
	if _, malformed := errors.AsType[*wire.SyntaxError](bound); malformed {
		return bound
	}
	err := doc.body(r.Body, in, op.Alias)
	if _, malformed := errors.AsType[*wire.SyntaxError](err); malformed || bound == nil {
		return err
	}
	return bound
}

func (d Document) body(body []byte, in api.Struct, alias bool) error {
	schema := in.Schema()
	i := Payload(schema)
	switch {
	case len(body) == 0:
		return nil
	case i < 0 && HasDocument(schema):
		return d.Struct(body, in, alias)
	case i < 0:
		return nil
	case schema.Members[i].Schema.Kind == api.KindStruct:
		return d.Struct(body, in.Nested(i, true), alias)
	case decodeRaw(in.Member(i), body, alias):
		return nil
	}
	return d.Payload(body, &schema.Members[i], in.Member(i), alias)
}

// SetType sets the media type of a body; empty: there is none.
func SetType(w *wire.Response, mediaType string) {
	if mediaType != "" {
		w.Header["Content-Type"] = []string{mediaType}
	}
}
