package awsjson_test

import (
	"net/http"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire"
	"github.com/millrace/millrace/internal/wire/awsjson"
)

func TestSuccess(t *testing.T) {
	w := wire.Response{Body: []byte("kept")}
	out := &kinesisapi.PutRecordsOutput{FailedRecordCount: api.Some[int32](0), Records: []kinesisapi.PutRecordsResultEntry{}}
	if err := awsjson.V11.Encode(kinesisapi.OpPutRecords, out, "", &w); err != nil {
		t.Fatal(err)
	}
	if w.Status != 200 || w.Header.Get("Content-Type") != "application/x-amz-json-1.1" || string(w.Body) != `kept{"FailedRecordCount":0,"Records":[]}` {
		t.Errorf("got %d %v %s", w.Status, w.Header, w.Body)
	}
}

func TestNoOutputIsAnEmptyBodyWithAType(t *testing.T) {
	var w wire.Response
	if err := awsjson.V10.Encode(kinesisapi.OpDeleteStream, nil, "", &w); err != nil {
		t.Fatal(err)
	}
	if w.Status != 200 || w.Header.Get("Content-Type") != "application/x-amz-json-1.0" || len(w.Body) != 0 {
		t.Errorf("got %d %v %q", w.Status, w.Header, w.Body)
	}
}

func TestErrors(t *testing.T) {
	custom := &api.ErrorShape{Code: "QueueDoesNotExist", QueryCode: "AWS.SimpleQueueService.NonExistentQueue", Status: 400}
	fault := &api.ErrorShape{Code: "Broken", QueryCode: "Old", Status: 500, Fault: true}
	plain := &api.Service{}
	tests := []struct {
		name   string
		svc    *api.Service
		e      *api.Error
		status int
		body   string
		query  string
	}{
		{"modelled", plain, kinesisapi.ErrResourceNotFoundException.New("Stream s not found."), 400,
			`{"__type":"ResourceNotFoundException","message":"Stream s not found."}`, ""},
		{"common", plain, api.ErrValidation.New("1 < 2"), 400, `{"__type":"ValidationException","message":"1 < 2"}`, ""},
		{"serialization", plain, api.ErrSerialization.New("Expected null"), 400, `{"__type":"SerializationException","Message":"Expected null"}`, ""},
		{"without a message", plain, api.ErrSerialization.New(""), 400, `{"__type":"SerializationException"}`, ""},
		{"fault", plain, api.ErrInternalFailure.New("x"), 500, `{"__type":"InternalFailure","message":"x"}`, ""},
		{"query code, no query service", plain, custom.New("m"), 400, `{"__type":"QueueDoesNotExist","message":"m"}`, ""},
		{"query code", &api.Service{QueryErrors: true}, custom.New("m"), 400, `{"__type":"QueueDoesNotExist","message":"m"}`,
			"AWS.SimpleQueueService.NonExistentQueue;Sender"},
		{"query fault", &api.Service{QueryErrors: true}, fault.New(""), 500, `{"__type":"Broken"}`, "Old;Receiver"},
		{"no service", nil, api.ErrUnknownOperation.New(""), 400, `{"__type":"UnknownOperationException"}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := wire.Response{Header: http.Header{}}
			awsjson.V11.EncodeError(test.svc, nil, test.e, "", &w)
			if w.Status != test.status || string(w.Body) != test.body || w.Header.Get("X-Amzn-Query-Error") != test.query ||
				w.Header.Get("X-Amzn-ErrorType") != test.e.Shape.Code || w.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("got %d %v %s", w.Status, w.Header, w.Body)
			}
		})
	}
}

// A message that the fields hold too is written once.
func TestErrorFieldsWithAMessage(t *testing.T) {
	e := api.ErrValidation.New("the error's")
	e.Fields = kitchenSink()
	const fields = `{"String":"a","ListOfStrings":["b"]}`
	if err := awsjson.DecodeStruct([]byte(fields), e.Fields, awsjson.Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `{"__type":"ValidationException","message":"the error's","ListOfStrings":["b"],"String":"a"}`
	if got := string(awsjson.AppendError(nil, e.Shape.Code, e)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestDocuments(t *testing.T) {
	const text = `{"a":[1,-2.50,"b\n",true,false,null,{}],"b":12345678901234567890}`
	var doc api.Document
	m := &api.Member{Schema: &api.Schema{Kind: api.KindDocument}}
	if err := awsjson.DecodeValue([]byte(" "+text+" "), m, &doc, awsjson.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := string(awsjson.AppendValue(nil, m, &doc)); got != text {
		t.Errorf("got %s, want %s", got, text)
	}
	if got := string(awsjson.AppendDocument(nil, map[string]any{"z": 1.5, "a": nil})); got != `{"a":null,"z":1.5}` {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{"", "[", `{"a"`, "[1,]", `"\ud800"`} {
		if err := awsjson.DecodeValue([]byte(bad), m, &doc, awsjson.Options{}); !isSyntax(err) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Members that an HTTP binding puts elsewhere are no part of a REST body.
func TestBodyOnly(t *testing.T) {
	schema := &api.Schema{Kind: api.KindStruct, Members: []api.Member{
		{Name: "h", Wire: "h", Schema: &api.Schema{Kind: api.KindString}, Location: api.InHeader},
		{Name: "b", Wire: "b", Schema: &api.Schema{Kind: api.KindString}},
	}}
	s := &pair{schema: schema}
	opts := awsjson.Options{BodyOnly: true}
	if err := awsjson.DecodeStruct([]byte(`{"h":[1],"b":"2"}`), s, opts); err != nil || s.members[0].Set {
		t.Errorf("got %+v, %v", s.members, err)
	}
	s.members[0] = api.Some("1")
	if got := string(awsjson.AppendStruct(nil, s, opts)); got != `{"b":"2"}` {
		t.Errorf("got %s", got)
	}
	if got := string(awsjson.AppendStruct(nil, s, awsjson.Options{})); got != `{"h":"1","b":"2"}` {
		t.Errorf("got %s", got)
	}
}

// pair is a structure of two strings.
type pair struct {
	schema  *api.Schema
	members [2]api.Opt[string]
}

func (p *pair) Schema() *api.Schema       { return p.schema }
func (p *pair) Member(i int) any          { return &p.members[i] }
func (*pair) Nested(int, bool) api.Struct { return nil }

func TestSparseEntries(t *testing.T) {
	scalar := &api.Member{Schema: &api.Schema{Kind: api.KindInt}}
	list := &api.Member{Schema: &api.Schema{Kind: api.KindList, Sparse: true, Elem: scalar}}
	dict := &api.Member{Schema: &api.Schema{Kind: api.KindMap, Sparse: true, Elem: scalar}}
	var l api.ListOf[api.Opt[int32]]
	var m api.MapOf[api.Opt[int32]]
	for text, c := range map[string]struct {
		m *api.Member
		v any
	}{`[1,null,0]`: {list, &l}, `{"a":null,"b":0}`: {dict, &m}} {
		if err := awsjson.DecodeValue([]byte(text), c.m, c.v, awsjson.Options{}); err != nil {
			t.Fatal(err)
		}
		if got := string(awsjson.AppendValue(nil, c.m, c.v)); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
}

func TestEncodingNeedsNoMemory(t *testing.T) {
	w := wire.Response{Header: http.Header{}}
	for _, c := range codecs {
		for op, out := range map[*api.Operation]api.Struct{
			kinesisapi.OpPutRecords: putRecordsOutput(100), kinesisapi.OpGetRecords: getRecordsOutput(100),
		} {
			n := testing.AllocsPerRun(10, func() {
				w.Body = w.Body[:0]
				if err := c.codec.Encode(op, out, "", &w); err != nil {
					t.Fatal(err)
				}
			})
			if n > 0 {
				t.Errorf("%s %s: %v allocations", c.name, op.Name, n)
			}
		}
	}
}

// FuzzDecode: whatever is decoded, aliased or not, is written as a text that
// decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"Blob":"YWJj","Boolean":true,"Double":1.5,"Float":"NaN","Integer":1,"Long":-2,"String":"\u00e9","Timestamp":1506440188.749}`,
		`{"RecursiveStruct":{"RecursiveList":[{"RecursiveMap":{"a":{"SimpleStruct":{"Value":"b"}}}}]},"EmptyStruct":{}}`,
		`{"ListOfLists":[["a"],[]],"MapOfMaps":{"a":{"b":"c"}},"ListOfStructs":[null,{}],"MapOfStructs":{"k":{}}}`,
		`{"Iso8601Timestamp":"2000-01-02T20:34:56Z","HttpdateTimestamp":"Sun, 02 Jan 2000 20:34:56 GMT"}`,
		`{"Blob":"YW\/j\u003d","String":1,"Integer":"x","Unknown":[{"a":null}]}`, `{"Blob":"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xtbm9w*A=="}`,
		`{"String":"` + "\xff" + `"}`, `{`, `[]`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		plain, aliased := kitchenSink(), kitchenSink()
		err := awsjson.DecodeStruct(append([]byte(nil), body...), plain, awsjson.Options{})
		err2 := awsjson.DecodeStruct(append([]byte(nil), body...), aliased, awsjson.Options{Alias: true})
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("%v, aliased %v", err, err2)
		}
		if isSyntax(err) {
			return
		}
		first := awsjson.AppendStruct(nil, plain, awsjson.Options{})
		if got := awsjson.AppendStruct(nil, aliased, awsjson.Options{}); string(got) != string(first) {
			t.Fatalf("%s, aliased %s", first, got)
		}
		again := kitchenSink()
		if err := awsjson.DecodeStruct(append([]byte(nil), first...), again, awsjson.Options{}); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if got := awsjson.AppendStruct(nil, again, awsjson.Options{}); string(got) != string(first) {
			t.Fatalf("%s became %s", first, got)
		}
	})
}
