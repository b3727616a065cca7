package wiretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/api"
)

// metadata, operationModel, shape and ref are the form of botocore's models.
type metadata struct {
	Protocol     string `json:"protocol"`
	APIVersion   string `json:"apiVersion"`
	SigningName  string `json:"signingName"`
	XMLNamespace any    `json:"xmlNamespace"`
}

type operationModel struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
}

type ref struct {
	Shape           string    `json:"shape"`
	Location        string    `json:"location"`
	LocationName    string    `json:"locationName"`
	Flattened       bool      `json:"flattened"`
	XMLAttribute    bool      `json:"xmlAttribute"`
	XMLNamespace    namespace `json:"xmlNamespace"`
	TimestampFormat string    `json:"timestampFormat"`
	JSONValue       bool      `json:"jsonvalue"`
	ResultWrapper   string    `json:"resultWrapper"`
}

type shape struct {
	Type            string          `json:"type"`
	Required        []string        `json:"required"`
	Members         orderedRefs     `json:"members"`
	Member          *ref            `json:"member"`
	Key             *ref            `json:"key"`
	Value           *ref            `json:"value"`
	Flattened       bool            `json:"flattened"`
	Sparse          bool            `json:"sparse"`
	Union           bool            `json:"union"`
	Document        bool            `json:"document"`
	Payload         string          `json:"payload"`
	LocationName    string          `json:"locationName"`
	XMLNamespace    namespace       `json:"xmlNamespace"`
	TimestampFormat string          `json:"timestampFormat"`
	Exception       bool            `json:"exception"`
	Fault           bool            `json:"fault"`
	Error           json.RawMessage `json:"error"`
}

// namespace is written as an object, or as the bare URI.
type namespace api.Namespace

func (n *namespace) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &n.URI)
	}
	var v struct{ Prefix, URI string }
	err := json.Unmarshal(text, &v)
	n.Prefix, n.URI = v.Prefix, v.URI
	return err
}

// orderedRefs are the members of a structure in the model's order.
type orderedRefs struct {
	names []string
	refs  map[string]ref
}

func (o *orderedRefs) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &o.refs); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		o.names = append(o.names, name.(string))
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
	}
	return nil
}

// builder makes tables from the shapes of a model.
type builder struct {
	shapes map[string]shape
	built  map[string]*api.Schema
}

// ReadModel makes the tables of a service from its API model, with operations in
// the order of their names and with dynamic values.
func ReadModel(text []byte) (*api.Service, error) {
	var m struct {
		Metadata   metadata                  `json:"metadata"`
		Operations map[string]operationModel `json:"operations"`
		Shapes     map[string]shape          `json:"shapes"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("parse model: %w", err)
	}
	svc := newService(m.Metadata)
	b := &builder{m.Shapes, map[string]*api.Schema{}}
	for _, om := range m.Operations {
		svc.Operations = append(svc.Operations, b.operation(svc, om))
	}
	slices.SortFunc(svc.Operations, func(a, b *api.Operation) int {
		return bytes.Compare([]byte(a.Name), []byte(b.Name))
	})
	return svc, nil
}

func newService(m metadata) *api.Service {
	svc := &api.Service{APIVersion: m.APIVersion, SigningName: m.SigningName}
	switch ns := m.XMLNamespace.(type) {
	case string:
		svc.XMLNamespace = ns
	case map[string]any:
		svc.XMLNamespace, _ = ns["uri"].(string)
	}
	return svc
}

func (b *builder) operation(svc *api.Service, m operationModel) *api.Operation {
	op := &api.Operation{
		Service: svc, Name: m.Name, Method: m.HTTP.Method, URI: m.HTTP.RequestURI, Status: m.HTTP.ResponseCode,
	}
	if op.Status == 0 {
		op.Status = 200
	}
	if m.Input != nil {
		op.Input = b.schema(m.Input.Shape)
		op.InputRoot, op.InputNamespace = m.Input.LocationName, api.Namespace(m.Input.XMLNamespace)
		op.NewInput = func() api.Struct { return NewStruct(op.Input) }
	}
	if m.Output != nil {
		op.Output = b.schema(m.Output.Shape)
		op.OutputWrapper = m.Output.ResultWrapper
		op.NewOutput = func() api.Struct { return NewStruct(op.Output) }
	}
	for _, e := range m.Errors {
		op.Errors = append(op.Errors, b.schema(e.Shape).Error)
	}
	return op
}

var kinds = map[string]api.Kind{
	"structure": api.KindStruct, "list": api.KindList, "map": api.KindMap, "string": api.KindString,
	"character": api.KindString, "blob": api.KindBlob, "boolean": api.KindBool, "integer": api.KindInt,
	"long": api.KindLong, "float": api.KindFloat, "double": api.KindDouble, "timestamp": api.KindTimestamp,
}

func (b *builder) schema(name string) *api.Schema {
	if s, ok := b.built[name]; ok {
		return s
	}
	sh := b.shapes[name]
	s := &api.Schema{
		Name: name, Kind: kinds[sh.Type], Flattened: sh.Flattened, Sparse: sh.Sparse, Union: sh.Union,
		XMLName: sh.LocationName, Namespace: api.Namespace(sh.XMLNamespace),
	}
	b.built[name] = s
	if sh.Document {
		s.Kind = api.KindDocument
	}
	switch s.Kind {
	case api.KindStruct:
		for _, n := range sh.Members.names {
			m := b.member(n, sh.Members.refs[n])
			m.Required = slices.Contains(sh.Required, n)
			if n == sh.Payload {
				m.Location = api.InPayload
			}
			s.Members = append(s.Members, m)
		}
	case api.KindList:
		m := b.member("member", *sh.Member)
		s.Elem = &m
	case api.KindMap:
		k, v := b.member("key", *sh.Key), b.member("value", *sh.Value)
		s.Key, s.Elem = &k, &v
	}
	if sh.Exception {
		s.Error = errorShape(s, sh)
	}
	return s
}

func errorShape(s *api.Schema, sh shape) *api.ErrorShape {
	var facts struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
	}
	if len(sh.Error) > 0 {
		if err := json.Unmarshal(sh.Error, &facts); err != nil {
			panic(fmt.Sprintf("error of %s: %v", s.Name, err))
		}
	}
	e := &api.ErrorShape{Code: s.Name, QueryCode: s.Name, Status: facts.HTTPStatusCode, Fault: sh.Fault, Schema: s}
	if facts.Code != "" {
		e.QueryCode = facts.Code
	}
	if e.Status == 0 {
		e.Status = 400
		if e.Fault {
			e.Status = 500
		}
	}
	return e
}

var locations = map[string]api.Location{
	"": api.InBody, "header": api.InHeader, "headers": api.InHeaders, "uri": api.InURI,
	"querystring": api.InQuery, "statusCode": api.InStatusCode,
}

var timestampFormats = map[string]api.TimestampFormat{
	"": api.TimestampDefault, "iso8601": api.TimestampISO8601, "rfc822": api.TimestampHTTPDate,
	"unixTimestamp": api.TimestampUnix,
}

func (b *builder) member(name string, r ref) api.Member {
	m := api.Member{
		Name: name, Wire: name, Schema: b.schema(r.Shape), Location: locations[r.Location],
		Flattened: r.Flattened, Attribute: r.XMLAttribute, Namespace: api.Namespace(r.XMLNamespace),
		JSONValue: r.JSONValue, Timestamp: timestampFormats[r.TimestampFormat],
	}
	if r.LocationName != "" {
		m.Wire = r.LocationName
	}
	target := b.shapes[r.Shape]
	if m.Timestamp == api.TimestampDefault {
		m.Timestamp = timestampFormats[target.TimestampFormat]
	}
	return m
}
