package restjson_test

import (
	"testing"

	"github.com/millrace/millrace/internal/wire/restjson"
	"github.com/millrace/millrace/internal/wire/wiretest"
)

// Why official cases are left out.
const (
	namedOnly   = "a parameter that a member names goes to that member alone, as in REST-XML's cases"
	notSent     = "an empty collection is not sent, and so not seen"
	contentCode = "the case has no body; content encodings are undone before the codec"
	clientFills = "the token is the client's own addition to the case's parameters"
	emptyStruct = "an empty object is an empty structure to a server, not an absent one (TestEmptyPayload)"
	otherZone   = "the same instant in another zone; the server writes UTC"
	emptyBody   = "a variant that clients tolerate; the server sends an empty document, which is another case"
	spelling    = "a spelling that clients tolerate; the server writes the header, and no member, for the type"
	tolerance   = "a client's tolerance of what no server should send"
	noPrefix    = "an empty prefix, which no table and no AWS model here has"
	edgeHeader  = "a header that is not the codec's"
)

func TestOfficialCases(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		wiretest.RunInput(t, "input/rest-json.json", restjson.Codec{}, map[string]string{
			"RestJsonAllQueryStringTypes":                      namedOnly,
			"RestJsonQueryStringEscaping":                      namedOnly,
			"RestJsonSupportsNaNFloatQueryValues":              namedOnly,
			"RestJsonSupportsInfinityFloatQueryValues":         namedOnly,
			"RestJsonSupportsNegativeInfinityFloatQueryValues": namedOnly,
			"RestJsonZeroAndFalseQueryValues":                  namedOnly,
			"RestJsonQueryPrecedence":                          namedOnly,
			"RestJsonHttpPrefixHeadersAreNotPresent":           notSent,
			"RestJsonOmitsEmptyListQueryValues":                notSent,
			"SDKAppliedContentEncoding_restJson1":              contentCode,
			"SDKAppendedGzipAfterProvidedEncoding_restJson1":   contentCode,
			"RestJsonQueryIdempotencyTokenAutoFill":            clientFills,
			"RestJsonHttpWithEmptyStructurePayload":            emptyStruct,
			"RestJsonHttpWithHeadersButNoPayload":              emptyStruct,
		})
	})
	t.Run("output", func(t *testing.T) {
		wiretest.RunOutput(t, "output/rest-json.json", restjson.Codec{}, map[string]string{
			"RestJsonDateTimeWithNegativeOffset":                     otherZone,
			"RestJsonDateTimeWithPositiveOffset":                     otherZone,
			"RestJsonEmptyInputAndEmptyOutputJsonObjectOutput":       emptyBody,
			"RestJsonGreetingWithErrorsNoPayload":                    emptyBody,
			"RestJsonHttpResponseCodeWithNoPayload":                  emptyBody,
			"RestJsonIgnoreQueryParamsInResponseNoPayload":           emptyBody,
			"RestJsonNoInputAndOutputNoPayload":                      emptyBody,
			"RestJsonFooErrorUsingXAmznErrorTypeWithUri":             spelling,
			"RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace": spelling,
			"RestJsonFooErrorUsingCode":                              spelling,
			"RestJsonFooErrorUsingCodeAndNamespace":                  spelling,
			"RestJsonFooErrorUsingCodeUriAndNamespace":               spelling,
			"RestJsonFooErrorWithDunderType":                         spelling,
			"RestJsonFooErrorWithDunderTypeAndNamespace":             spelling,
			"RestJsonFooErrorWithDunderTypeUriAndNamespace":          spelling,
			"RestJsonHttpPayloadWithUnsetUnion":                      edgeHeader,
			"HttpPrefixHeadersResponse":                              noPrefix,
			"RestJsonDeserializesDenseSetMapAndSkipsNull":            tolerance,
			"RestJsonDeserializeIgnoreType":                          tolerance,
			"RestJsonDoesntDeserializeNullStructureValues":           tolerance,
		})
	})
}
