package rpccbor_test

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/rpccbor"
	"github.com/millrace/millrace/internal/wire/wiretest"
)

// Why official cases are left out.
const (
	tolerance = "a client's tolerance of what no server should send"
	variant   = "a variant that clients tolerate; what the server sends is another case"
)

func TestOfficialCases(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		wiretest.RunInput(t, "input/smithy-rpc-v2-cbor.json", rpccbor.Codec{}, nil)
	})
	t.Run("output", func(t *testing.T) {
		codec := namespaced{rpccbor.Codec{}, "smithy.protocoltests.rpcv2Cbor#"}
		wiretest.RunOutput(t, "output/smithy-rpc-v2-cbor.json", codec, map[string]string{
			"empty_output_no_body":                                  variant,
			"NoOutputClientAllowsEmptyCbor":                         variant,
			"NoOutputClientAllowsEmptyBody":                         variant,
			"RpcV2CborDeserializesDenseSetMapAndSkipsNull":          tolerance,
			"RpcV2CborClientDoesntDeserializeNullStructureValues":   tolerance,
			"RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients": tolerance,
			"RpcV2CborPayloadWithUnsetUnion":                        "its body belongs to another operation and its Content-Length to neither",
		})
	})
	t.Run("input/query-compatible", func(t *testing.T) {
		wiretest.RunInput(t, "input/smithy-rpc-v2-cbor-query-compatible.json", rpccbor.Codec{}, nil)
	})
	t.Run("input/not-query-compatible", func(t *testing.T) {
		wiretest.RunInput(t, "input/smithy-rpc-v2-cbor-non-query-compatible.json", rpccbor.Codec{}, nil)
	})
	t.Run("output/query-compatible", func(t *testing.T) {
		codec := queryErrors{namespaced{rpccbor.Codec{}, "aws.protocoltests.rpcv2cbor#"}}
		wiretest.RunOutput(t, "output/smithy-rpc-v2-cbor-query-compatible.json", codec, nil)
	})
}

// namespaced writes errors with the namespace that the cases have before a
// shape's name and the server leaves out.
type namespaced struct {
	wire.Codec
	namespace string
}

func (c namespaced) EncodeError(svc *api.Service, op *api.Operation, e *api.Error, id string, w *wire.Response) {
	full, shape := *e, *e.Shape
	shape.Code = c.namespace + shape.Code
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
