package awsjson_test

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
	"github.com/millrace/millrace/internal/wire/wiretest"
)

// Why official cases are left out.
const (
	spelling    = "a spelling that clients tolerate; the server writes a bare __type and the header"
	emptyBody   = "a variant that clients tolerate; the server sends an empty body, which is another case"
	tolerance   = "a client's tolerance of what no server should send"
	otherZone   = "the same instant in another zone; the server writes UTC"
	contentCode = "the case has no body; content encodings are undone before the codec"
	edgeHeader  = "a header that is not the codec's"
)

func TestOfficialCases(t *testing.T) {
	t.Run("input/json", func(t *testing.T) {
		wiretest.RunInput(t, "input/json.json", awsjson.V11, map[string]string{
			"SDKAppliedContentEncoding_awsJson1_1":                    contentCode,
			"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": contentCode,
		})
	})
	t.Run("output/json", func(t *testing.T) {
		wiretest.RunOutput(t, "output/json.json", awsjson.V11, map[string]string{
			"AwsJson11DateTimeWithNegativeOffset":                     otherZone,
			"AwsJson11DateTimeWithPositiveOffset":                     otherZone,
			"handles_empty_output_shape":                              emptyBody,
			"handles_unexpected_json_output":                          tolerance,
			"AwsJson11FooErrorUsingXAmznErrorTypeWithUri":             spelling,
			"AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace": spelling,
			"AwsJson11FooErrorUsingCode":                              spelling,
			"AwsJson11FooErrorUsingCodeAndNamespace":                  spelling,
			"AwsJson11FooErrorUsingCodeUriAndNamespace":               spelling,
			"AwsJson11FooErrorWithDunderTypeAndNamespace":             spelling,
			"AwsJson11FooErrorWithDunderTypeUriAndNamespace":          spelling,
			"AwsJson11IntEnums":                                       edgeHeader + "; json_1_0 has the same body",
			"AwsJson11DeserializeIgnoreType":                          tolerance,
			"parses_the_request_id_from_the_response":                 edgeHeader,
			"AwsJson11StructuresDontDeserializeNullValues":            tolerance,
		})
	})
	t.Run("input/json_1_0", func(t *testing.T) {
		wiretest.RunInput(t, "input/json_1_0.json", awsjson.V10, map[string]string{
			"SDKAppliedContentEncoding_awsJson1_0":                    contentCode,
			"SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": contentCode,
		})
	})
	t.Run("output/json_1_0", func(t *testing.T) {
		wiretest.RunOutput(t, "output/json_1_0.json", namespaced{awsjson.V10}, map[string]string{
			"AwsJson10FooErrorUsingXAmznErrorType":                    spelling,
			"AwsJson10FooErrorUsingXAmznErrorTypeWithUri":             spelling,
			"AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace": spelling,
			"AwsJson10FooErrorUsingCode":                              spelling,
			"AwsJson10FooErrorUsingCodeAndNamespace":                  spelling,
			"AwsJson10FooErrorUsingCodeUriAndNamespace":               spelling,
			"AwsJson10FooErrorWithDunderType":                         spelling,
			"AwsJson10FooErrorWithDunderTypeUriAndNamespace":          spelling,
			"AwsJson10DeserializeIgnoreType":                          tolerance,
			"AwsJson10DeserializeAllowNulls":                          tolerance,
			"AwsJson10HandlesEmptyOutputShape":                        emptyBody,
			"AwsJson10HandlesUnexpectedJsonOutput":                    tolerance,
		})
	})
	t.Run("input/query-compatible", func(t *testing.T) {
		wiretest.RunInput(t, "input/json_1_0-query-compatible.json", awsjson.V10, nil)
	})
	t.Run("output/query-compatible", func(t *testing.T) {
		wiretest.RunOutput(t, "output/json_1_0-query-compatible.json", queryErrors{namespaced{awsjson.V10}}, nil)
	})
}

// namespaced writes errors with the namespace that the cases of JSON 1.0 have
// before a shape's name and the server leaves out.
type namespaced struct{ wire.Codec }

func (c namespaced) EncodeError(svc *api.Service, op *api.Operation, e *api.Error, id string, w *wire.Response) {
	full, shape := *e, *e.Shape
	shape.Code = "aws.protocoltests.json10#" + shape.Code
	if shape.QueryCode == e.Shape.Code {
		shape.QueryCode = shape.Code
	}
	full.Shape = &shape
	c.Codec.EncodeError(svc, op, &full, id, w)
}

// queryErrors marks the service as one that once spoke Query. The status is the
// one of the case's response, which is not the one of its model.
type queryErrors struct{ wire.Codec }

func (c queryErrors) EncodeError(_ *api.Service, op *api.Operation, e *api.Error, id string, w *wire.Response) {
	c.Codec.EncodeError(&api.Service{QueryErrors: true}, op, e, id, w)
	w.Status = 400
}
