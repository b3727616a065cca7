// Package query is the codec of AWS's Query protocol: a form of dotted names in,
// XML out.
//
// A request's parameters come from the query string and the body. Lists are
// name.member.N, maps name.entry.N.key and .value, without the middle part where
// they are flattened. Indices need not be dense; their order counts. Of
// parameters given twice the last wins, unknown ones are skipped. Everything here
// is stateless and safe for concurrent use.
package query

import (
	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/xmltext"
)

// Codec is the protocol. Its zero value is ready.
type Codec struct{}

var _ wire.Codec = Codec{}

var contentType = []string{"text/xml"}

// Encode implements [wire.Codec]. Every answer has the envelope with the
// request's id, that of an operation without output too.
func (Codec) Encode(op *api.Operation, out api.Struct, requestID string, w *wire.Response) error {
	head(w, op.Status)
	b := append(append(append(w.Body, '<'), op.Name...), "Response"...)
	b = xmltext.AppendNamespace(b, api.Namespace{URI: op.Service.XMLNamespace})
	b = append(b, '>')
	if out != nil {
		wrapper := op.OutputWrapper
		if wrapper == "" {
			wrapper = op.Name + "Result"
		}
		b = append(append(append(b, '<'), wrapper...), '>')
		b = xmltext.AppendEnd(xmltext.AppendMembers(b, out, -1), wrapper)
	}
	b = xmltext.AppendText(append(b, "<ResponseMetadata>"...), "RequestId", requestID)
	w.Body = xmltext.AppendEnd(append(b, "</ResponseMetadata>"...), op.Name+"Response")
	return nil
}

// EncodeError implements [wire.Codec].
func (Codec) EncodeError(svc *api.Service, _ *api.Operation, e *api.Error, requestID string, w *wire.Response) {
	head(w, e.Shape.Status)
	w.Body = xmltext.AppendErrorResponse(w.Body, svc, e, requestID)
}

func head(w *wire.Response, status int) {
	w.Start(status)
	w.Header["Content-Type"] = contentType
}
