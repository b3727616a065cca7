package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// some makes the tables below legible.
func some[T any](v T) api.Opt[T] { return api.Some(v) }

func record(data, key string) kinesisapi.PutRecordsRequestEntry {
	return kinesisapi.PutRecordsRequestEntry{Data: []byte(data), PartitionKey: some(key)}
}

const prefix1 = "1 validation error detected: "

// The texts are those of reference kinesis-streams §2.3.
func TestValidateTexts(t *testing.T) {
	long := strings.Repeat("a", 257)
	tests := []struct {
		name string
		in   api.Struct
		want string
	}{
		{"valid", &kinesisapi.PutRecordsInput{Records: []kinesisapi.PutRecordsRequestEntry{record("", "k")}}, ""},
		{"required scalar", &kinesisapi.CreateStreamInput{},
			prefix1 + "Value null at 'streamName' failed to satisfy constraint: Member must not be null"},
		{"required list", &kinesisapi.PutRecordsInput{},
			prefix1 + "Value null at 'records' failed to satisfy constraint: Member must not be null"},
		{"required blob in a list", &kinesisapi.PutRecordsInput{Records: []kinesisapi.PutRecordsRequestEntry{record("d", "k"), {PartitionKey: some("k")}}},
			prefix1 + "Value null at 'records.2.member.data' failed to satisfy constraint: Member must not be null"},
		{"required structure", &kinesisapi.UpdateStreamModeInput{StreamARN: some("arn:aws:kinesis:us-east-1:000000000000:stream/s")},
			prefix1 + "Value null at 'streamModeDetails' failed to satisfy constraint: Member must not be null"},
		{"member of a structure", &kinesisapi.UpdateStreamModeInput{
			StreamARN:         some("arn:aws:kinesis:us-east-1:000000000000:stream/s"),
			StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: some("FAST")},
		}, prefix1 + "Value 'FAST' at 'streamModeDetails.streamMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]"},
		{"pattern before length", &kinesisapi.CreateStreamInput{StreamName: some("")},
			"2 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
				"Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"too long", &kinesisapi.CreateStreamInput{StreamName: some(long[:129])},
			prefix1 + "Value '" + long[:129] + "' at 'streamName' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"number too small", &kinesisapi.CreateStreamInput{StreamName: some("s"), ShardCount: some(int32(0))},
			prefix1 + "Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"number too large", &kinesisapi.GetRecordsInput{ShardIterator: some("i"), Limit: some(int32(10001))},
			prefix1 + "Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		{"blob too long", &kinesisapi.PutRecordInput{StreamName: some("s"), PartitionKey: some("k"), Data: make([]byte, 10485761)},
			prefix1 + "Value 'java.nio.HeapByteBuffer[pos=0 lim=10485761 cap=10485761]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 10485760"},
		{"empty list", &kinesisapi.PutRecordsInput{Records: []kinesisapi.PutRecordsRequestEntry{}},
			prefix1 + "Value '[]' at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"key of a map", &kinesisapi.AddTagsToStreamInput{StreamName: some("s"), Tags: map[string]string{"": "a"}},
			prefix1 + "Value '{=a}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
		{"value of a map", &kinesisapi.AddTagsToStreamInput{StreamName: some("s"), Tags: map[string]string{"a": long}},
			prefix1 + "Value '{a=" + long + "}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]"},
		{"entry of a list of strings", &kinesisapi.RemoveTagsFromStreamInput{StreamName: some("s"), TagKeys: []string{"a", ""}},
			prefix1 + "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
		{"model order", &kinesisapi.GetShardIteratorInput{StreamName: some("a b"), ShardIteratorType: some("OLDEST")},
			"3 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
				"Value null at 'shardId' failed to satisfy constraint: Member must not be null; " +
				"Value 'OLDEST' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST, AT_TIMESTAMP]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := api.Validate(test.in)
			if test.want == "" {
				if err != nil {
					t.Fatalf("got %q, want none", err.Message)
				}
				return
			}
			if err == nil {
				t.Fatal("it is accepted")
			}
			if err.Shape != api.ErrValidation || err.Message != test.want {
				t.Errorf("got %s:\n%s\nwant:\n%s", err.Shape.Code, err.Message, test.want)
			}
		})
	}
}

func TestValidateCountsCodePoints(t *testing.T) {
	for _, test := range []struct {
		key   string
		valid bool
	}{
		{strings.Repeat("a", 256), true},
		{strings.Repeat("a", 257), false},
		{strings.Repeat("é", 256), true},
		{strings.Repeat("😀", 256), true},
		{strings.Repeat("😀", 257), false},
		{"", false},
	} {
		in := &kinesisapi.PutRecordInput{Data: []byte{}, PartitionKey: some(test.key)}
		if err := api.Validate(in); (err == nil) != test.valid {
			t.Errorf("%d bytes: got %v, want valid %v", len(test.key), err, test.valid)
		}
	}
}

func TestValidateNamesTen(t *testing.T) {
	in := &kinesisapi.PutRecordsInput{Records: make([]kinesisapi.PutRecordsRequestEntry, 500)}
	err := api.Validate(in)
	if err == nil || !strings.HasPrefix(err.Message, "10 validation errors detected: ") {
		t.Fatalf("got %v", err)
	}
	if n := strings.Count(err.Message, "failed to satisfy"); n != 10 {
		t.Errorf("it names %d", n)
	}
}

func TestValidateBoundsTexts(t *testing.T) {
	huge := strings.Repeat("é", 1<<20)
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = huge[:200]
	}
	tags := map[string]string{}
	for i := range 1000 {
		tags[fmt.Sprint(i)] = huge[:1000]
	}
	for _, in := range []api.Struct{
		&kinesisapi.CreateStreamInput{StreamName: some(huge)},
		&kinesisapi.RemoveTagsFromStreamInput{TagKeys: keys},
		&kinesisapi.AddTagsToStreamInput{Tags: tags},
		&kinesisapi.AddTagsToStreamInput{Tags: map[string]string{huge: huge}},
	} {
		err := api.Validate(in)
		if err == nil || len(err.Message) > 5000 {
			t.Errorf("%s: got %d bytes", in.Schema().Name, len(err.Message))
		}
	}
}

func putRecords(n int) *kinesisapi.PutRecordsInput {
	in := &kinesisapi.PutRecordsInput{StreamName: some("a-stream")}
	data := make([]byte, 1024)
	for i := range n {
		in.Records = append(in.Records, kinesisapi.PutRecordsRequestEntry{Data: data, PartitionKey: some(fmt.Sprintf("key-%020d", i))})
	}
	return in
}

func TestValidateAllocatesNothing(t *testing.T) {
	in := putRecords(500)
	if n := testing.AllocsPerRun(20, func() {
		if err := api.Validate(in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a valid input costs %v allocations", n)
	}
}

func BenchmarkValidatePutRecords(b *testing.B) {
	hashed := putRecords(500)
	for i := range hashed.Records {
		hashed.Records[i].ExplicitHashKey = some("340282366920938463463374607431768211455")
	}
	for _, c := range []struct {
		name string
		in   *kinesisapi.PutRecordsInput
	}{{"keys", putRecords(500)}, {"hashes", hashed}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := api.Validate(c.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
