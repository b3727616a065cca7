package restxml_test

import (
	"testing"

	"github.com/millrace/millrace/internal/wire/restxml"
	"github.com/millrace/millrace/internal/wire/wiretest"
)

// Why official cases are left out.
const (
	namedOnly   = "a parameter that a member names goes to that member alone, as in the other cases"
	notSent     = "an empty map is not sent, and so not seen"
	contentCode = "the case has no body; content encodings are undone before the codec"
	clientFills = "the token is the client's own addition to the case's parameters"
	otherZone   = "the same instant in another zone; the server writes UTC"
	mapOrder    = "the same entries in another order; the server sorts them"
	notModelled = "the case's error has an element that its model or its parameters lack (TestEncodeError)"
	edgeHeader  = "a header that is not the codec's"
	emptyBody   = "the type of a body that is empty; the server names none"
	queryOutput = "a query parameter in an output, which no AWS model here has"
	tolerance   = "a client's tolerance of what no server should send"
	inherited   = "a nested element repeats the namespace that it inherits; the server declares it once"
)

func TestOfficialCases(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		wiretest.RunInput(t, "input/rest-xml.json", restxml.Codec{}, map[string]string{
			"HttpPrefixHeadersAreNotPresent":               notSent,
			"SDKAppliedContentEncoding_restXml":            contentCode,
			"SDKAppendedGzipAfterProvidedEncoding_restXml": contentCode,
			"QueryIdempotencyTokenAutoFill":                clientFills,
			"RestXmlQueryPrecedence":                       namedOnly,
		})
	})
	t.Run("output", func(t *testing.T) {
		wiretest.RunOutput(t, "output/rest-xml.json", restxml.Codec{}, map[string]string{
			"RestXmlDateTimeWithNegativeOffset":     otherZone,
			"RestXmlDateTimeWithPositiveOffset":     otherZone,
			"FlattenedXmlMap":                       mapOrder,
			"NestedXmlMapWithXmlNameDeserializes":   mapOrder,
			"XmlMaps":                               mapOrder,
			"XmlMapsXmlName":                        mapOrder,
			"InvalidGreetingError":                  notModelled,
			"ComplexError":                          notModelled,
			"RestXmlHttpPayloadWithUnsetUnion":      edgeHeader,
			"RestXmlHttpResponseCode":               emptyBody,
			"IgnoreQueryParamsInResponse":           queryOutput,
			"SimpleScalarPropertiesWithXMLPreamble": tolerance,
			"XmlNamespaces":                         inherited,
		})
	})
}
