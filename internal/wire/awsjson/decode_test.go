package awsjson_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
	"github.com/millrace/millrace/internal/wire/wiretest/shapes"
)

// kitchenSink returns a zero structure that has members of every kind, itself
// among them.
func kitchenSink() api.Struct { return shapes.Suites["input/json.json"][7].NewInput() }

// decode decodes body as a kitchen sink and encodes what it found.
func decode(body string) (string, error) {
	s := kitchenSink()
	err := awsjson.DecodeStruct([]byte(body), s, awsjson.Options{})
	return string(awsjson.AppendStruct(nil, s, awsjson.Options{})), err
}

func TestValuesAreUnderstood(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", `{}`, `{}`},
		{"white space", " \t\r\n{ \"String\" : \"a\" } \n", `{"String":"a"}`},
		{"null is absent", `{"String":null,"ListOfStrings":null,"SimpleStruct":null,"MapOfStrings":null,"Blob":null}`, `{}`},
		{"unknown members", `{"X":{"a":[1,{"b":"\u00e9"}]},"String":"a","Y":[null,true,-1e5]}`, `{"String":"a"}`},
		{"names are exact", `{"string":"a"}`, `{}`},
		{"the last of two wins", `{"String":"a","Integer":1,"Integer":2,"String":"b"}`, `{"Integer":2,"String":"b"}`},
		{"null as the last of two", `{"String":"a","Blob":"YQ==","Integer":1,"String":null,"Blob":null,"Integer":null}`, `{}`},
		{"a list twice", `{"ListOfStrings":["a","b"],"ListOfStrings":["c"]}`, `{"ListOfStrings":["c"]}`},
		{"a map twice", `{"MapOfStrings":{"a":"b"},"MapOfStrings":{"c":"d"}}`, `{"MapOfStrings":{"c":"d"}}`},
		{"an entry twice", `{"MapOfStrings":{"a":"b","a":"c"}}`, `{"MapOfStrings":{"a":"c"}}`},
		{"empty collections", `{"ListOfStrings":[],"MapOfStrings":{},"SimpleStruct":{},"String":"","Blob":""}`,
			`{"Blob":"","ListOfStrings":[],"MapOfStrings":{},"SimpleStruct":{},"String":""}`},
		{"null elements keep their place", `{"ListOfStructs":[{"Value":"a"},null,{"Value":"b"}]}`, `{"ListOfStructs":[{"Value":"a"},{},{"Value":"b"}]}`},
		{"null entries are absent", `{"MapOfStrings":{"a":null,"b":"c"}}`, `{"MapOfStrings":{"b":"c"}}`},
		{"escapes", `{"String":"\ud83d\ude00\u0000\/\"\\"}`, `{"String":"😀\u0000/\"\\"}`},
		{"escaped names", `{"\u0053tring":"a"}`, `{"String":"a"}`},
		{"escaped base64", `{"Blob":"+\/8\u003d"}`, `{"Blob":"+/8="}`},
		{"fractions are floored", `{"Integer":1.9,"Long":-1.1}`, `{"Integer":1,"Long":-2}`},
		{"exponents", `{"Integer":1.5e3,"Long":1E15}`, `{"Integer":1500,"Long":1000000000000000}`},
		{"the ends of integers", `{"Integer":-2147483648,"Long":9223372036854775807}`, `{"Integer":-2147483648,"Long":9223372036854775807}`},
		{"beyond the ends", `{"Integer":2147483648,"Long":-9223372036854775809}`, `{"Integer":2147483647,"Long":-9223372036854775808}`},
		{"far beyond the ends", `{"Integer":-1e999,"Long":1e999}`, `{"Integer":-2147483648,"Long":9223372036854775807}`},
		{"floats", `{"Float":0.1,"Double":-1e-3}`, `{"Double":-0.001,"Float":0.1}`},
		{"no numbers", `{"Float":"NaN","Double":"-Infinity"}`, `{"Double":"-Infinity","Float":"NaN"}`},
		{"times", `{"Timestamp":1506440188.7495,"UnixTimestamp":-0.5}`, `{"Timestamp":1506440188.749,"UnixTimestamp":-0.5}`},
		{"times with exponents", `{"Timestamp":1.78E9}`, `{"Timestamp":1780000000}`},
		{"times as text", `{"Timestamp":"2000-01-02T20:34:56.123Z","UnixTimestamp":"2000-01-02T21:34:56+01:00"}`,
			`{"Timestamp":946845296.123,"UnixTimestamp":946845296}`},
		{"formats of times", `{"HttpdateTimestamp":946845296,"Iso8601Timestamp":946845296.5}`,
			`{"HttpdateTimestamp":"Sun, 02 Jan 2000 20:34:56 GMT","Iso8601Timestamp":"2000-01-02T20:34:56.5Z"}`},
		{"times beyond all bounds", `{"Timestamp":1e300,"UnixTimestamp":-99999999999999999999}`,
			`{"Timestamp":253402300799,"UnixTimestamp":-62135596800}`},
		{"formats at the bounds", `{"Iso8601Timestamp":1e12,"HttpdateTimestamp":-1e12}`,
			`{"HttpdateTimestamp":"Mon, 01 Jan 0001 00:00:00 GMT","Iso8601Timestamp":"9999-12-31T23:59:59Z"}`},
		{"nested", `{"RecursiveStruct":{"RecursiveList":[{"RecursiveMap":{"a":{"String":"b"}}}]}}`,
			`{"RecursiveStruct":{"RecursiveList":[{"RecursiveMap":{"a":{"String":"b"}}}]}}`},
		{"lists of lists", `{"ListOfLists":[["a"],[]],"ListOfMapsOfStrings":[{"a":"b"},{}]}`, `{"ListOfLists":[["a"],[]],"ListOfMapsOfStrings":[{"a":"b"},{}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := decode(test.body)
			if err != nil || got != test.want {
				t.Errorf("got %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// The texts are AWS's (reference kinesis-streams §2.3).
func TestTypeErrorsHaveAWSsTexts(t *testing.T) {
	const (
		list = "Start of list found where not expected"
		dict = "Start of structure or map found where not expected."
		num  = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to "
		text = "class java.lang.String can not be converted to "
		flag = "class java.lang.Boolean can not be converted to "
	)
	tests := []struct{ body, want string }{
		{`{"String":1}`, num + "an String"}, {`{"String":true}`, flag + "an String"}, {`{"String":[]}`, list}, {`{"String":{}}`, dict},
		{`{"Integer":"1"}`, text + "an Integer"}, {`{"Integer":false}`, flag + "an Integer"}, {`{"Integer":[]}`, list},
		{`{"Long":"1"}`, text + "an Long"}, {`{"Double":"x"}`, text + "an Double"}, {`{"Float":true}`, flag + "an Float"},
		{`{"Boolean":1}`, num + "an Boolean"}, {`{"Boolean":"true"}`, text + "an Boolean"}, {`{"Boolean":{}}`, dict},
		{`{"Timestamp":"soon"}`, text + "milliseconds since epoch"}, {`{"Timestamp":true}`, flag + "milliseconds since epoch"},
		{`{"ListOfStrings":"a"}`, "Expected list or null"}, {`{"ListOfStrings":{}}`, dict},
		{`{"MapOfStrings":1}`, "Expected map or null"}, {`{"MapOfStrings":[]}`, list},
		{`{"SimpleStruct":"a"}`, "Expected null"}, {`{"SimpleStruct":[]}`, list}, {`{"ListOfStructs":[1]}`, "Expected null"},
		{`{"ListOfStrings":["a",2]}`, num + "an String"}, {`{"MapOfStrings":{"a":{}}}`, dict},
		{`{"Blob":1}`, num + "a Blob"}, {`{"Blob":true}`, flag + "a Blob"}, {`{"Blob":[]}`, list},
		{`{"Blob":"abc"}`, "'abc' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
		{`{"Blob":"ab*d"}`, "'ab*d' can not be converted to a Blob: Invalid Base64 character: '*'"},
		{`{"Blob":"a=bc"}`, "'a=bc' can not be converted to a Blob: Invalid Base64 character: '='"},
		{`{"Blob":"YQ==YQ=="}`, "'YQ==YQ==' can not be converted to a Blob: Invalid Base64 character: '='"},
		{`{"Blob":"YWJ\u000a"}`, "'YWJ\n' can not be converted to a Blob: Invalid Base64 character: '\n'"},
		{`{"Blob":"YWJj\n\n\n\n"}`, "'YWJj\n\n\n\n' can not be converted to a Blob: Invalid Base64 character: '\n'"},
		{`{"Blob":"YWJ` + strings.Repeat("jYWJ", 20) + `é=="}`,
			"'YWJ" + strings.Repeat("jYWJ", 20) + "é==' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 87"},
		{`{"Blob":"` + strings.Repeat("YWJj", 40) + `YW-j"}`, "'" + strings.Repeat("YWJj", 40) + "YW-j' can not be converted to a Blob: Invalid Base64 character: '-'"},
		{`{"Integer":"1","String":2}`, text + "an Integer"}, // the first counts
	}
	for _, test := range tests {
		for _, alias := range []bool{false, true} {
			err := awsjson.DecodeStruct([]byte(test.body), kitchenSink(), awsjson.Options{Alias: alias})
			var typeErr *wire.TypeError
			if !errors.As(err, &typeErr) || typeErr.Message != test.want {
				t.Errorf("%.60s (alias %v): got %v\nwant %s", test.body, alias, err, test.want)
			}
		}
	}
}

func TestTheRestIsReadAfterATypeError(t *testing.T) {
	got, err := decode(`{"Blob":"!","Integer":[1],"SimpleStruct":3,"String":"a"}`)
	if err == nil || got != `{"String":"a"}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err = decode(`{"Blob":"!","String":"a"`); !isSyntax(err) {
		t.Errorf("a syntax error after a type error: %v", err)
	}
}

func TestMalformedBodiesAreSyntaxErrors(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat(`{"RecursiveStruct":`, n) + "{}" + strings.Repeat("}", n)
	}
	if _, err := decode(deep(63)); err != nil {
		t.Errorf("64 deep: %v", err)
	}
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"a"`, `1`, `{`, `{"String":"a"`, `{"String":"a"}x`, `{"String":}`, `{"String":"a",}`, `{"Integer":01}`,
		`{"String":"` + "\xff" + `"}`, `{"String":"` + "a\x00" + `"}`, `{"String":"\ud800"}`, `{"X":"\udc00"}`, `{"Blob":"` + "\xff\xff\xff\xff" + `"}`,
		`{"Blob":"` + "YWJj\n\n\n\n" + `"}`, `{"Blob":"` + "YW\nJ" + `"}`, `{"Blob":"YQ=`, `{"ListOfStrings":["a"`, `{"MapOfStrings":{"a"}}`,
		`{"ListOfStructs":[}`, deep(64), `{"X":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
	} {
		if _, err := decode(body); !isSyntax(err) {
			t.Errorf("%.60q: %v", body, err)
		}
	}
}

func isSyntax(err error) bool {
	var syntax *wire.SyntaxError
	return errors.As(err, &syntax) && syntax.Message == "" && syntax.Detail != ""
}

func TestOperationsWithoutInputTakeAnyObject(t *testing.T) {
	op := &api.Operation{}
	for body, ok := range map[string]bool{"": true, "{}": true, `{"a":[1]}`: true, "[]": false, "{": false, "{} x": false} {
		err := awsjson.V11.Decode(op, &wire.Request{Body: []byte(body)}, nil)
		if ok && err != nil || !ok && !isSyntax(err) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestAliasesStayInsideTheBody(t *testing.T) {
	inside := func(body []byte, p *byte, n int) bool {
		start, at := uintptr(unsafe.Pointer(unsafe.SliceData(body))), uintptr(unsafe.Pointer(p))
		return at >= start && at+uintptr(n) <= start+uintptr(len(body))
	}
	const text = `{"Records":[{"Data":"YWJjZGVm","PartitionKey":"k\n1"},{"Data":"eHl6","PartitionKey":"k2"}],"StreamName":"s"}`
	for _, alias := range []bool{true, false} {
		body := []byte(text)
		in := new(kinesisapi.PutRecordsInput)
		op := *kinesisapi.OpPutRecords
		op.Alias = alias
		if err := awsjson.V11.Decode(&op, &wire.Request{Body: body}, in); err != nil {
			t.Fatal(err)
		}
		if len(in.Records) != 2 || string(in.Records[0].Data) != "abcdef" || in.Records[0].PartitionKey.V != "k\n1" ||
			string(in.Records[1].Data) != "xyz" || in.Records[1].PartitionKey.V != "k2" || in.StreamName.V != "s" {
			t.Errorf("got %+v", in)
		}
		for _, r := range in.Records {
			if inside(body, unsafe.SliceData(r.Data), len(r.Data)) != alias ||
				inside(body, unsafe.StringData(r.PartitionKey.V), len(r.PartitionKey.V)) != alias {
				t.Errorf("alias %v: %+v", alias, r)
			}
			if alias && cap(r.Data) != len(r.Data) {
				t.Error("appending to a blob would write into the body")
			}
		}
	}
}

// Base64 of every length is decoded in place as it is out of place, whatever
// vectors the decoder uses.
func TestBase64InPlace(t *testing.T) {
	for n := range 300 {
		data := payload(n)[:n]
		in := &kinesisapi.PutRecordInput{Data: data}
		body := awsjson.AppendStruct(nil, in, awsjson.Options{})
		got := new(kinesisapi.PutRecordInput)
		if err := awsjson.DecodeStruct(body, got, awsjson.Options{Alias: true}); err != nil {
			t.Fatal(err)
		}
		if string(got.Data) != string(data) {
			t.Fatalf("%d bytes: got %x, want %x", n, got.Data, data)
		}
	}
}

func TestDecodingPutRecordsNeedsNoMemoryPerRecord(t *testing.T) {
	var w wire.Response
	if err := awsjson.V11.Encode(kinesisapi.OpPutRecords, putRecords(500), "", &w); err != nil {
		t.Fatal(err)
	}
	r := wire.Request{Body: make([]byte, len(w.Body))}
	in := new(kinesisapi.PutRecordsInput)
	allocs := testing.AllocsPerRun(20, func() {
		copy(r.Body, w.Body)
		in.Reset()
		if err := awsjson.V11.Decode(kinesisapi.OpPutRecords, &r, in); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1 { // the decoder
		t.Errorf("%v allocations", allocs)
	}
}
