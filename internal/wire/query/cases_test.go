package query_test

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/query"
	"github.com/millrace/millrace/internal/wire/wiretest"
)

// Why official cases are left out.
const (
	contentCode = "the case has no body; content encodings are undone before the codec"
	clientFills = "the token is the client's own addition to the case's parameters"
	notSent     = "an empty map is not sent, and so not seen"
	otherZone   = "the same instant in another zone; the server writes UTC"
	mapOrder    = "the same entries in another order; the server sorts them (TestMaps)"
)

func TestOfficialCases(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		wiretest.RunInput(t, "input/query.json", query.Codec{}, map[string]string{
			"SDKAppliedContentEncoding_awsQuery":                    contentCode,
			"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": contentCode,
			"QueryProtocolIdempotencyTokenAutoFill":                 clientFills,
			"QueryEmptyQueryMaps":                                   notSent,
		})
	})
	t.Run("output", func(t *testing.T) {
		wiretest.RunOutput(t, "output/query.json", namespaced{}, map[string]string{
			"AwsQueryDateTimeWithNegativeOffset": otherZone,
			"AwsQueryDateTimeWithPositiveOffset": otherZone,
			"QueryQueryFlattenedXmlMap":          mapOrder,
			"QueryXmlMaps":                       mapOrder,
			"QueryQueryXmlMapsXmlName":           mapOrder,
		})
	})
}

// namespaced gives the service the namespace that the cases answer with and that
// their models leave out.
type namespaced struct{ query.Codec }

func (c namespaced) Encode(op *api.Operation, out api.Struct, id string, w *wire.Response) error {
	named, svc := *op, *op.Service
	svc.XMLNamespace = "https://example.com/"
	named.Service = &svc
	return c.Codec.Encode(&named, out, id, w)
}
