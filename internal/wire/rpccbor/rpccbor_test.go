package rpccbor_test

import (
	"encoding/hex"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/rpccbor"
)

func TestHeaders(t *testing.T) {
	var w wire.Response
	if err := (rpccbor.Codec{}).Encode(kinesisapi.OpGetRecords, new(kinesisapi.GetRecordsOutput), "", &w); err != nil {
		t.Fatal(err)
	}
	if w.Status != 200 || w.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || w.Header.Get("Content-Type") != "application/cbor" ||
		hex.EncodeToString(w.Body) != "bfff" {
		t.Errorf("got %d %v %x", w.Status, w.Header, w.Body)
	}
	w = wire.Response{}
	if err := (rpccbor.Codec{}).Encode(kinesisapi.OpDeleteStream, nil, "", &w); err != nil {
		t.Fatal(err)
	}
	if _, typed := w.Header["Content-Type"]; typed || w.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || len(w.Body) != 0 {
		t.Errorf("without output: got %v %x", w.Header, w.Body)
	}
}

func TestErrors(t *testing.T) {
	var w wire.Response
	e := (&api.ErrorShape{Code: "B", QueryCode: "Q", Status: 500, Fault: true}).New("m")
	rpccbor.Codec{}.EncodeError(&api.Service{QueryErrors: true}, nil, e, "", &w)
	if w.Status != 500 || w.Header.Get("X-Amzn-Query-Error") != "Q;Receiver" || w.Header.Get("Content-Type") != "application/cbor" ||
		hex.EncodeToString(w.Body) != "bf665f5f747970656142676d657373616765616dff" {
		t.Errorf("got %d %v %x", w.Status, w.Header, w.Body)
	}
}

func TestBodies(t *testing.T) {
	for body, ok := range map[string]bool{"": true, "a0": true, "80": false, "ff": false} {
		b, err := hex.DecodeString(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []api.Struct{nil, new(kinesisapi.GetRecordsInput)} {
			err := rpccbor.Codec{}.Decode(kinesisapi.OpGetRecords, &wire.Request{Body: append([]byte(nil), b...)}, in)
			if (err == nil) != ok {
				t.Errorf("%q into %T: %v", body, in, err)
			}
		}
	}
}
