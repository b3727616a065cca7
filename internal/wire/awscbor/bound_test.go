package awscbor_test

import (
	"fmt"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awscbor"
	"github.com/millrace/millrace/internal/wire/awsjson"
)

// A list or map that is far too long is kept just long enough to be refused, and
// what follows it is read.
func TestTooManyEntriesAreNotKept(t *testing.T) {
	const sent = 5000
	records := &kinesisapi.PutRecordsInput{StreamName: api.Some("s"), Records: make([]kinesisapi.PutRecordsRequestEntry, sent)}
	tags := &kinesisapi.AddTagsToStreamInput{StreamName: api.Some("s"), Tags: map[string]string{}}
	for i := range sent {
		tags.Tags[fmt.Sprint(i)] = ""
	}
	for name, codec := range map[string]wire.Codec{"json": awsjson.V11, "cbor": awscbor.Codec{}} {
		gotRecords, gotTags := new(kinesisapi.PutRecordsInput), new(kinesisapi.AddTagsToStreamInput)
		for _, c := range []struct {
			op      *api.Operation
			in, out api.Struct
		}{{kinesisapi.OpPutRecords, records, gotRecords}, {kinesisapi.OpAddTagsToStream, tags, gotTags}} {
			var w wire.Response
			if err := codec.Encode(c.op, c.in, "", &w); err != nil {
				t.Fatal(err)
			}
			if err := codec.Decode(c.op, &wire.Request{Body: w.Body}, c.out); err != nil {
				t.Fatalf("%s %s: %v", name, c.op.Name, err)
			}
		}
		if len(gotRecords.Records) != 501 || gotRecords.StreamName.V != "s" {
			t.Errorf("%s: %d records, stream %q", name, len(gotRecords.Records), gotRecords.StreamName.V)
		}
		if len(gotTags.Tags) != 201 || gotTags.StreamName.V != "s" {
			t.Errorf("%s: %d tags, stream %q", name, len(gotTags.Tags), gotTags.StreamName.V)
		}
	}
}
