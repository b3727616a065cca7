package api

// Kind says what a shape is.
type Kind uint8

// The kinds of shapes, and between parentheses the Go type by which a value of
// the kind is reached through [Struct.Member] (where T is the kind's Go type,
// *Opt[T]) and through [List.At] or [Map.Put] (there *T itself).
const (
	KindStruct    Kind = iota + 1 // a generated struct (Struct)
	KindList                      // a generated slice type (List)
	KindMap                       // a generated map type with string keys (Map)
	KindString                    // string, enumerations too
	KindBlob                      // []byte; as a member *[]byte, nil when absent
	KindBool                      // bool
	KindInt                       // int32
	KindLong                      // int64
	KindFloat                     // float32
	KindDouble                    // float64
	KindTimestamp                 // time.Time
	KindDocument                  // Document; as a member *Document, nil value when absent
)

// Document is a value without a schema: nil, bool, float64, json.Number,
// string, []any or map[string]any.
type Document struct{ V any }

// Location says where a member stands in an HTTP message.
type Location uint8

// The places of a member. Protocols that have no HTTP bindings (JSON, CBOR,
// Query) ignore them.
const (
	InBody       Location = iota // a member of the body's document
	InHeader                     // one header, named Member.Wire
	InHeaders                    // all headers that begin with Member.Wire; the member is a map
	InURI                        // a label of the path template
	InQuery                      // a query parameter; a map takes all that no other member names
	InStatusCode                 // the status line
	InPayload                    // the whole body
)

// TimestampFormat says how a timestamp is written; the zero value is the
// default of the protocol and location.
type TimestampFormat uint8

// The formats of a timestamp.
const (
	TimestampDefault  TimestampFormat = iota
	TimestampISO8601                  // 1985-04-12T23:20:50.52Z
	TimestampHTTPDate                 // Tue, 29 Apr 2014 18:30:38 GMT
	TimestampUnix                     // seconds since the epoch, with a fraction
)

// Schema describes one shape of a model. Tables are immutable once built.
type Schema struct {
	Name    string
	Kind    Kind
	Members []Member // structures: in the model's order, which is the order of validation
	Key     *Member  // maps; named "key", on the wire too where the model has no other name
	Elem    *Member  // lists: the element, named "member"; maps: the value, named "value"

	// Constraints, checked by Validate.
	HasMin, HasMax bool
	Min, Max       float64 // length of strings (in code points), blobs (bytes), lists and maps (entries); value of numbers
	Pattern        *Pattern
	Enum           []string

	Error     *ErrorShape // structures that are errors
	Union     bool        // exactly one member is set
	Sensitive bool        // never logged
	Flattened bool        // lists and maps: XML and Query without a wrapper
	Sparse    bool        // lists and maps whose entries may be null: entries are *Opt[T]
	Loose     bool        // maps of strings: in JSON a value may be a number
	XMLName   string      // structures: the root element's name where it is not Name
	Namespace Namespace

	index map[string]int // member by wire name; nil for small structures
}

// Namespace is an XML namespace.
type Namespace struct{ Prefix, URI string }

// Member describes one member of a structure, the element of a list, or the
// key or value of a map.
type Member struct {
	Name       string // the model's name
	Wire       string // the name on the wire (locationName), Name where the model has none
	XML        string // the name in Query and XML where it is not Wire; see XMLName
	Schema     *Schema
	Required   bool
	Location   Location
	Timestamp  TimestampFormat
	Flattened  bool // XML and Query: without a wrapper
	Attribute  bool // XML: an attribute
	Namespace  Namespace
	Streaming  bool // the payload is a stream
	JSONValue  bool // a JSON text inside a header, or a JSON string in a body
	Idempotent bool // an idempotency token, which clients fill in
	Sensitive  bool
	// EventHeader and EventPayload: where the member of an event stands.
	EventHeader, EventPayload bool
}

// XMLName returns the member's name in Query and XML: that of a service's days
// before JSON, where it had another.
func (m *Member) XMLName() string {
	if m.XML != "" {
		return m.XML
	}
	return m.Wire
}

// Lookup returns the index of the member with the given name on the wire.
// next is a guess, usually the index after the last member found: clients send
// members in a stable order, so the guess is right most of the time. It returns
// -1 where there is no such member.
func (s *Schema) Lookup(name []byte, next int) int {
	if next < len(s.Members) && s.Members[next].Wire == string(name) {
		return next
	}
	if s.index != nil {
		if i, ok := s.index[string(name)]; ok {
			return i
		}
		return -1
	}
	for i := range s.Members {
		if s.Members[i].Wire == string(name) {
			return i
		}
	}
	return -1
}

// seal builds what Lookup needs. It is called once, when the table is built.
func (s *Schema) seal() {
	const linear = 8
	if len(s.Members) <= linear {
		return
	}
	s.index = make(map[string]int, len(s.Members))
	for i := range s.Members {
		s.index[s.Members[i].Wire] = i
	}
}
