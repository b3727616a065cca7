package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ordered is a JSON object that keeps the order of its members: the order of a
// structure's members is the order in which AWS reports violations.
type ordered[T any] struct {
	Keys []string
	M    map[string]T
}

func (o *ordered[T]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return fmt.Errorf("%v stands where an object should", t)
	}
	o.M = map[string]T{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return err
		}
		name := k.(string)
		if _, twice := o.M[name]; twice {
			return fmt.Errorf("%s stands there twice", name)
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.Keys = append(o.Keys, name)
		o.M[name] = v
	}
	return nil
}

// strings1 is a JSON string or a list of them.
type strings1 []string

func (s *strings1) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(s))
	}
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*s = strings1{one}
	return nil
}

// namespace is an XML namespace, in either of the models' two spellings.
type namespace struct {
	Prefix, URI string
}

func (n *namespace) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &n.URI)
	}
	type plain namespace
	return json.Unmarshal(b, (*plain)(n))
}

// A model is one service's API in botocore's form (C2J). Every key of the form
// is named here: one that is not fails the generation, so that no fact of a new
// model is dropped unseen.
type model struct {
	Metadata   metadata            `json:"metadata"`
	Operations ordered[*operation] `json:"operations"`
	Shapes     ordered[*shape]     `json:"shapes"`
	Pagination map[string]page     `json:"pagination"`
}

type metadata struct {
	APIVersion          string          `json:"apiVersion"`
	Auth                []string        `json:"auth"`
	AWSQueryCompatible  *struct{}       `json:"awsQueryCompatible"`
	ChecksumFormat      string          `json:"checksumFormat"`
	EndpointPrefix      string          `json:"endpointPrefix"`
	GlobalEndpoint      string          `json:"globalEndpoint"`
	JSONVersion         string          `json:"jsonVersion"`
	Protocol            string          `json:"protocol"`
	Protocols           []string        `json:"protocols"`
	ProtocolSettings    json.RawMessage `json:"protocolSettings"`
	ServiceAbbreviation string          `json:"serviceAbbreviation"`
	ServiceFullName     string          `json:"serviceFullName"`
	ServiceID           string          `json:"serviceId"`
	SignatureVersion    string          `json:"signatureVersion"`
	SigningName         string          `json:"signingName"`
	TargetPrefix        string          `json:"targetPrefix"`
	UID                 string          `json:"uid"`
	XMLNamespace        namespace       `json:"xmlNamespace"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input    *ref     `json:"input"`
	Output   *ref     `json:"output"`
	Errors   []ref    `json:"errors"`
	AuthType string   `json:"authtype"`
	Auth     []string `json:"auth"`

	RequestCompression struct {
		Encodings []string `json:"encodings"`
	} `json:"requestcompression"`
	HTTPChecksum struct {
		RequestAlgorithmMember      string   `json:"requestAlgorithmMember"`
		RequestChecksumRequired     bool     `json:"requestChecksumRequired"`
		RequestValidationModeMember string   `json:"requestValidationModeMember"`
		ResponseAlgorithms          []string `json:"responseAlgorithms"`
	} `json:"httpChecksum"`

	// What only clients act on.
	Idempotent             bool            `json:"idempotent"`
	ReadOnly               bool            `json:"readonly"`
	Deprecated             bool            `json:"deprecated"`
	EndpointDiscovery      json.RawMessage `json:"endpointdiscovery"`
	EndpointOperation      bool            `json:"endpointoperation"`
	Endpoint               json.RawMessage `json:"endpoint"`
	OperationContextParams json.RawMessage `json:"operationContextParams"`
	StaticContextParams    json.RawMessage `json:"staticContextParams"`
	HTTPChecksumRequired   bool            `json:"httpChecksumRequired"`
	UnsignedPayload        bool            `json:"unsignedPayload"`
}

// traits are what a shape and a reference to it may both say; where both do,
// the reference wins.
type traits struct {
	LocationName    string     `json:"locationName"`
	Location        string     `json:"location"`
	TimestampFormat string     `json:"timestampFormat"`
	XMLNamespace    *namespace `json:"xmlNamespace"`
	XMLAttribute    bool       `json:"xmlAttribute"`
	Flattened       bool       `json:"flattened"`
	Streaming       bool       `json:"streaming"`
	JSONValue       bool       `json:"jsonvalue"`
	Box             bool       `json:"box"`
	Deprecated      bool       `json:"deprecated"`
	Sensitive       bool       `json:"sensitive"`
	EventPayload    bool       `json:"eventpayload"`
	EventHeader     bool       `json:"eventheader"`
}

// ref is a reference to a shape, from an operation, a member or a list.
type ref struct {
	Shape string `json:"shape"`
	traits
	IdempotencyToken bool            `json:"idempotencyToken"`
	HostLabel        bool            `json:"hostLabel"`
	ContextParam     json.RawMessage `json:"contextParam"`
	ResultWrapper    string          `json:"resultWrapper"`

	xml string // the name in Query and XML, of an older model
}

type shape struct {
	Type string `json:"type"`
	traits
	Required []string      `json:"required"`
	Members  ordered[*ref] `json:"members"`
	Member   *ref          `json:"member"`
	Key      *ref          `json:"key"`
	Value    *ref          `json:"value"`
	Min      *json.Number  `json:"min"`
	Max      *json.Number  `json:"max"`
	Pattern  string        `json:"pattern"`
	Enum     []string      `json:"enum"`
	Payload  string        `json:"payload"`
	Document bool          `json:"document"`
	Union    bool          `json:"union"`

	Exception bool `json:"exception"`
	Fault     bool `json:"fault"`
	Error     *struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
		SenderFault    bool   `json:"senderFault"`
		Fault          bool   `json:"fault"`
	} `json:"error"`
	Retryable *struct {
		Throttling bool `json:"throttling"`
	} `json:"retryable"`

	Event       bool     `json:"event"`
	EventStream bool     `json:"eventstream"`
	Synthetic   bool     `json:"synthetic"`
	XMLOrder    []string `json:"xmlOrder"`
}

type page struct {
	InputToken       strings1 `json:"input_token"`
	OutputToken      strings1 `json:"output_token"`
	LimitKey         string   `json:"limit_key"`
	MoreResults      string   `json:"more_results"`
	ResultKey        strings1 `json:"result_key"`
	NonAggregateKeys []string `json:"non_aggregate_keys"`
}

func parseModel(data []byte) (*model, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	m := new(model)
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	return m, nil
}

// validate says whether every reference leads to a shape.
func (m *model) validate() error {
	for name, s := range m.Shapes.M {
		if err := m.check(name, s); err != nil {
			return err
		}
	}
	for name, op := range m.Operations.M {
		if e := op.RequestCompression.Encodings; len(e) > 1 || len(e) == 1 && e[0] != "gzip" {
			return fmt.Errorf("operation %s: bodies in the encodings %v", name, e)
		}
		for _, r := range append([]ref{deref(op.Input), deref(op.Output)}, op.Errors...) {
			if r.Shape != "" && m.Shapes.M[r.Shape] == nil {
				return fmt.Errorf("operation %s: no shape %s", name, r.Shape)
			}
		}
	}
	return nil
}

func deref(r *ref) ref {
	if r == nil {
		return ref{}
	}
	return *r
}

// check says whether what the shape refers to exists.
func (m *model) check(name string, s *shape) error {
	refs := []*ref{}
	for _, k := range s.Members.Keys {
		refs = append(refs, s.Members.M[k])
	}
	switch s.Type {
	case "list":
		refs = append(refs, s.Member)
	case "map":
		refs = append(refs, s.Key, s.Value)
	}
	for _, r := range refs {
		if r == nil || m.Shapes.M[r.Shape] == nil {
			return fmt.Errorf("shape %s refers to a shape that is not there", name)
		}
		if t := m.Shapes.M[r.Shape]; r.Shape == name && (t.Type == "list" || t.Type == "map") {
			return fmt.Errorf("shape %s holds itself without a structure in between", name)
		}
	}
	for _, k := range s.Required {
		if s.Members.M[k] == nil {
			return fmt.Errorf("shape %s requires %s, which it does not have", name, k)
		}
	}
	if s.Payload != "" && s.Members.M[s.Payload] == nil {
		return fmt.Errorf("shape %s: no payload member %s", name, s.Payload)
	}
	return nil
}

// chunked reports whether the operation's body may come in aws-chunks: it is a
// stream, and clients send its checksum, for which they put it into a trailer.
func (m *model) chunked(op *operation) bool {
	if op.HTTPChecksum.RequestAlgorithmMember == "" {
		return false
	}
	in := m.Shapes.M[op.Input.Shape]
	return in.Payload != "" && m.merged(in.Members.M[in.Payload]).Streaming
}

// merged returns the traits of a reference, and those of its shape for which
// api.Schema has no field of its own.
func (m *model) merged(r *ref) traits {
	t, s := r.traits, m.Shapes.M[r.Shape].traits
	if t.TimestampFormat == "" {
		t.TimestampFormat = s.TimestampFormat
	}
	t.Streaming = t.Streaming || s.Streaming
	return t
}
