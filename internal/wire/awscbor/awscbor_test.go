package awscbor_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awscbor"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The timestamp is as an official client sent it (reference kinesis-streams §2.5).
func TestRecordedTimestamp(t *testing.T) {
	body := unhex(t, "bf6954696d657374616d70c11b000001a013accc38ff")
	in := new(kinesisapi.GetShardIteratorInput)
	if err := (awscbor.Codec{}).Decode(kinesisapi.OpGetShardIterator, &wire.Request{Body: body}, in); err != nil {
		t.Fatal(err)
	}
	if want := time.UnixMilli(1787036486712); !in.Timestamp.Set || !in.Timestamp.V.Equal(want) {
		t.Errorf("got %v, want %v", in.Timestamp, want)
	}
}

func TestSuccess(t *testing.T) {
	var w wire.Response
	out := &kinesisapi.GetRecordsOutput{
		Records: []kinesisapi.Record{{
			Data: []byte("abc"), PartitionKey: api.Some("k"), ApproximateArrivalTimestamp: api.Some(time.UnixMilli(1787036486712)),
		}},
		MillisBehindLatest: api.Some[int64](0),
	}
	if err := (awscbor.Codec{}).Encode(kinesisapi.OpGetRecords, out, "", &w); err != nil {
		t.Fatal(err)
	}
	const want = "bf" + "675265636f726473" + "81bf" +
		"781b417070726f78696d6174654172726976616c54696d657374616d70" + "c11b000001a013accc38" +
		"6444617461" + "43616263" + "6c506172746974696f6e4b6579" + "616b" + "ff" +
		"724d696c6c6973426568696e644c6174657374" + "00" + "ff"
	if w.Status != 200 || w.Header.Get("Content-Type") != "application/x-amz-cbor-1.1" || hex.EncodeToString(w.Body) != want {
		t.Errorf("got %d %v %x\nwant %s", w.Status, w.Header, w.Body, want)
	}
}

func TestNoOutputAndNoInput(t *testing.T) {
	var w wire.Response
	if err := (awscbor.Codec{}).Encode(kinesisapi.OpDeleteStream, nil, "", &w); err != nil {
		t.Fatal(err)
	}
	if w.Status != 200 || w.Header.Get("Content-Type") != "application/x-amz-cbor-1.1" || len(w.Body) != 0 {
		t.Errorf("got %d %v %x", w.Status, w.Header, w.Body)
	}
	for body, ok := range map[string]bool{"": true, "a0": true, "bfff": true, "80": false, "a0a0": false} {
		err := awscbor.Codec{}.Decode(&api.Operation{}, &wire.Request{Body: unhex(t, body)}, nil)
		if (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
	var syntax *wire.SyntaxError
	err := awscbor.Codec{}.Decode(kinesisapi.OpPutRecord, &wire.Request{}, new(kinesisapi.PutRecordInput))
	if !errors.As(err, &syntax) {
		t.Errorf("an empty body: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		e    *api.Error
		want string
	}{
		{kinesisapi.ErrResourceInUseException.New("m"), "bf 665f5f74797065 76 5265736f75726365496e557365457863657074696f6e 676d657373616765 616d ff"},
		{api.ErrSerialization.New("m"), "bf 665f5f74797065 76 53657269616c697a6174696f6e457863657074696f6e 674d657373616765 616d ff"},
		{api.ErrSerialization.New(""), "bf 665f5f74797065 76 53657269616c697a6174696f6e457863657074696f6e ff"},
	} {
		var w wire.Response
		awscbor.Codec{}.EncodeError(kinesisapi.Service, nil, test.e, "", &w)
		want := unhex(t, string(bytes.ReplaceAll([]byte(test.want), []byte(" "), nil)))
		if w.Status != 400 || !bytes.Equal(w.Body, want) || w.Header.Get("X-Amzn-ErrorType") != test.e.Shape.Code ||
			w.Header.Get("Content-Type") != "application/x-amz-cbor-1.1" {
			t.Errorf("got %d %v %x\nwant %x", w.Status, w.Header, w.Body, want)
		}
	}
}

func TestDecodingPutRecordsNeedsNoMemoryPerRecord(t *testing.T) {
	in := new(kinesisapi.PutRecordsInput)
	for range 100 {
		in.Records = append(in.Records, kinesisapi.PutRecordsRequestEntry{Data: make([]byte, 1024), PartitionKey: api.Some("key")})
	}
	var w wire.Response
	if err := (awscbor.Codec{}).Encode(kinesisapi.OpPutRecords, in, "", &w); err != nil {
		t.Fatal(err)
	}
	r := wire.Request{Body: make([]byte, len(w.Body))}
	allocs := testing.AllocsPerRun(20, func() {
		copy(r.Body, w.Body)
		in.Reset()
		if err := (awscbor.Codec{}).Decode(kinesisapi.OpPutRecords, &r, in); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1 { // the decoder
		t.Errorf("%v allocations", allocs)
	}
}
