package cbor_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
	"github.com/millrace/millrace/internal/wire/cbor"
	"github.com/millrace/millrace/internal/wire/wiretest/shapes"
)

var (
	millis  = cbor.Profile{Millis: true}
	seconds = cbor.Profile{}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kitchenSink returns a zero structure that has members of every kind, itself
// among them.
func kitchenSink() api.Struct { return shapes.Suites["input/json.json"][7].NewInput() }

// key returns the hexadecimal form of a text string, which is short.
func key(s string) string { return hex.EncodeToString(cbor.AppendText(nil, s)) }

// decode decodes a kitchen sink and returns it in JSON, which is easier read.
func decode(t *testing.T, p cbor.Profile, message string) (string, error) {
	t.Helper()
	s := kitchenSink()
	err := p.DecodeStruct(unhex(t, message), s, false)
	return string(awsjson.AppendStruct(nil, s, awsjson.Options{})), err
}

func TestValuesAreUnderstood(t *testing.T) {
	text, blob, number, long := key("String"), key("Blob"), key("Integer"), key("Long")
	stamp, list, dict := key("Timestamp"), key("ListOfStrings"), key("MapOfStrings")
	tests := []struct {
		name    string
		p       cbor.Profile
		message string
		want    string
	}{
		{"nothing, definite", millis, "a0", `{}`},
		{"nothing, indefinite", millis, "bfff", `{}`},
		{"a tagged map", millis, "d9d9f7 a0", `{}`},
		{"blobs are byte strings", millis, "a1" + blob + "43616263", `{"Blob":"YWJj"}`},
		{"chunked strings", millis, "bf" + blob + "5f4161426263ff" + text + "7f6161626263ffff", `{"Blob":"YWJj","String":"abc"}`},
		{"chunked names", millis, "a1 7f" + key("Str") + key("ing") + "ff 6161", `{"String":"a"}`},
		{"null is absent", millis, "a3" + text + "f6" + blob + "f7" + list + "f6", `{}`},
		{"the last of two wins", millis, "a3" + text + "6161" + text + "6162" + number + "01", `{"Integer":1,"String":"b"}`},
		{"unknown members", millis, "bf 6158 bf0001c10203ff" + text + "6161 6159 9f8081f6fbffffffffffffffffff ff", `{"String":"a"}`},
		{"null elements keep their place", millis, "a1" + list + "836161f66162", `{"ListOfStrings":["a","","b"]}`},
		{"null entries are absent", millis, "a1" + dict + "bf6161f661626163ff", `{"MapOfStrings":{"b":"c"}}`},
		{"floats for integers", millis, "a2" + number + "f93e00" + long + "fbbff199999999999a", `{"Integer":1,"Long":-2}`},
		{"integers beyond", millis, "a2" + number + "3bffffffffffffffff" + long + "1bffffffffffffffff", `{"Integer":-2147483648,"Long":9223372036854775807}`},
		{"integers for floats", millis, "a2" + key("Double") + "01" + key("Float") + "20", `{"Double":1,"Float":-1}`},
		{"milliseconds", millis, "a1" + stamp + "c11b000001a013accc38", `{"Timestamp":1787036486.712}`},
		{"milliseconds without a tag", millis, "a1" + stamp + "1b000001a013accc38", `{"Timestamp":1787036486.712}`},
		{"milliseconds as a float", millis, "a1" + stamp + "c1fb427a013accc38e66", `{"Timestamp":1787036486.712}`},
		{"seconds", seconds, "a1" + stamp + "c11a6a84 1f86", `{"Timestamp":1787043718}`},
		{"seconds as a float", seconds, "a1" + stamp + "c1fb41cc37db380fbe77", `{"Timestamp":946845296.123}`},
		{"seconds as a half", seconds, "a1" + stamp + "c1f93e00", `{"Timestamp":1.5}`},
		{"nested", millis, "a1" + key("RecursiveStruct") + "bf" + key("RecursiveList") + "9fa1" + text + "6161ffff", `{"RecursiveStruct":{"RecursiveList":[{"String":"a"}]}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decode(t, test.p, test.message)
			if err != nil || got != test.want {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestTypeErrorsAreThoseOfJSON(t *testing.T) {
	const (
		number = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to "
		text   = "class java.lang.String can not be converted to "
	)
	for message, want := range map[string]string{
		key("String") + "01":            number + "an String",
		key("String") + "4161":          "class java.nio.HeapByteBuffer can not be converted to an String",
		key("Blob") + "6161":            text + "a Blob",
		key("Integer") + "6131":         text + "an Integer",
		key("Boolean") + "00":           number + "an Boolean",
		key("Timestamp") + "c06161":     text + "milliseconds since epoch",
		key("Double") + "f5":            "class java.lang.Boolean can not be converted to an Double",
		key("ListOfStrings") + "6161":   "Expected list or null",
		key("MapOfStrings") + "01":      "Expected map or null",
		key("SimpleStruct") + "6161":    "Expected null",
		key("ListOfStructs") + "8101":   "Expected null",
		key("String") + "80":            "Start of list found where not expected",
		key("ListOfStrings") + "bfff":   "Start of structure or map found where not expected.",
		key("ListOfStrings") + "820102": number + "an String",
	} {
		got, err := decode(t, millis, "a2"+message+key("Long")+"07")
		var typeErr *wire.TypeError
		if !errors.As(err, &typeErr) || typeErr.Message != want || !strings.Contains(got, `"Long":7`) {
			t.Errorf("%s: got %s, %v, want %s", message, got, err, want)
		}
	}
}

func TestMalformedMessagesAreSyntaxErrors(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("a1"+key("RecursiveStruct"), n) + "a0" }
	if _, err := decode(t, millis, deep(63)); err != nil {
		t.Errorf("64 deep: %v", err)
	}
	for _, message := range []string{
		"", "f6", "80", "6161", "00", "a1", "bf", "a0a0", "a1" + key("String"), "a100f6", "a14161f6", "a1" + key("String") + "61ff",
		"a1" + key("ListOfStrings") + "9bffffffffffffffff", "a1" + key("Blob") + "5b7fffffffffffffff", "bf" + key("String") + "ff", deep(64),
	} {
		if _, err := decode(t, millis, message); !isSyntax(err) {
			t.Errorf("%.60s: %v", message, err)
		}
	}
	for message, ok := range map[string]bool{"a0": true, "bf00f6ff": true, "80": false, "": false, "a000": false} {
		if err := cbor.CheckMap(unhex(t, message)); ok && err != nil || !ok && !isSyntax(err) {
			t.Errorf("%s: %v", message, err)
		}
	}
}

func isSyntax(err error) bool {
	var syntax *wire.SyntaxError
	return errors.As(err, &syntax)
}

// FuzzDecode: whatever is decoded, aliased or not, is written as a message that
// decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"a2" + key("String") + "6161" + key("Blob") + "43616263",
		"bf" + key("Timestamp") + "c11b000001a013accc38" + key("Double") + "f97c01" + key("Float") + "fa47c35000ff",
		"a1" + key("RecursiveStruct") + "bf" + key("RecursiveList") + "9fa1" + key("RecursiveMap") + "a16161a0ffff",
		"a2" + key("ListOfLists") + "9f8161618fff" + key("MapOfMaps") + "a16161bf61626163ff",
		"a1" + key("String") + "7f6161626263ff", "a1" + key("Integer") + "3bffffffffffffffff", "bf" + key("Iso8601Timestamp") + "c11a6a841f86ff",
		"a1" + key("ListOfStrings") + "9bffffffffffffffff", "80", "",
	} {
		f.Add(unhex(f, seed), true)
		f.Add(unhex(f, seed), false)
	}
	f.Fuzz(func(t *testing.T, message []byte, inMillis bool) {
		p := cbor.Profile{Millis: inMillis}
		plain, aliased := kitchenSink(), kitchenSink()
		err := p.DecodeStruct(append([]byte(nil), message...), plain, false)
		err2 := p.DecodeStruct(append([]byte(nil), message...), aliased, true)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("%v, aliased %v", err, err2)
		}
		if isSyntax(err) {
			return
		}
		first := p.AppendStruct(nil, plain)
		if got := p.AppendStruct(nil, aliased); string(got) != string(first) {
			t.Fatalf("%x, aliased %x", first, got)
		}
		again := kitchenSink()
		if err := p.DecodeStruct(append([]byte(nil), first...), again, false); err != nil {
			t.Fatalf("%x: %v", first, err)
		}
		if got := p.AppendStruct(nil, again); string(got) != string(first) {
			t.Fatalf("%x became %x", first, got)
		}
	})
}
