package api

import "context"

// Protocol is a wire protocol of AWS.
type Protocol uint8

// The protocols. A service may speak several at once.
const (
	JSON10   Protocol = iota + 1 // application/x-amz-json-1.0
	JSON11                       // application/x-amz-json-1.1
	CBOR11                       // application/x-amz-cbor-1.1, beside JSON 1.1 where the service has it
	RPCCBOR                      // Smithy RPC v2 CBOR
	Query                        // form encoded in, XML out
	RESTJSON                     // HTTP bindings and JSON
	RESTXML                      // HTTP bindings and XML
)

// Service is one AWS service as its model describes it.
type Service struct {
	ID           string     // our name, which is the folder's: "kinesis"
	Name         string     // AWS's full name
	APIVersion   string     // "2013-12-02"
	SigningName  string     // the service in the credential scope
	TargetPrefix string     // "Kinesis_20131202"; empty for REST and Query
	Endpoint     string     // the first label of AWS's own host names
	Protocols    []Protocol // most wanted first
	XMLNamespace string
	QueryErrors  bool // awsQueryCompatible: errors have Query's code and status, in JSON and CBOR too
	Validates    bool // the service checks constraints itself, in words of its own
	Built        bool // the shapes are generated
	Operations   []*Operation
	// UnknownAction is the message of Query's InvalidAction, with %s for the name
	// of the action; empty: the one that most services have.
	UnknownAction string
	// ErrorNamespace stands before the names of the model's errors in JSON, as
	// com.amazonaws.sqs does in com.amazonaws.sqs#OverLimit; empty: nothing does.
	ErrorNamespace string
}

// Operation is one operation of a service.
type Operation struct {
	Service *Service
	Name    string
	Action  string // what IAM calls it: "kinesis:PutRecords"
	Method  string
	URI     string // the path template, with its constant query parameters
	Status  int    // of a success
	Input   *Schema
	Output  *Schema
	Errors  []*ErrorShape

	// Required are the query parameters and headers that every request for the
	// operation has, by which operations of one method and path are told apart.
	Required []Binding

	// OutputWrapper is the element around a Query protocol's result.
	OutputWrapper string
	// InputRoot and InputNamespace are the root element of a REST-XML body.
	InputRoot      string
	InputNamespace Namespace
	// Alias: strings and blobs of the decoded input alias the request's buffer.
	// A service clones what it keeps of them beyond the call.
	Alias bool
	// Events: the output is a stream of events, each a member of this schema. Output
	// then describes the initial response alone, and NewOutput is nil.
	Events *Schema
	// Chunked: the body may come in aws-chunks, as S3's clients send objects.
	Chunked bool
	// Gzip: the body may come compressed, by the model's trait requestcompression.
	Gzip bool
	// Anonymous: a resource's policy may let callers in who do not sign. Who makes
	// such a call is a principal that is Anonymous, and authorisation decides.
	Anonymous bool
	// Unsigned: AWS serves the operation without a signature.
	Unsigned bool

	// Page says how the operation's answers are paged; nil where they are not.
	Page *Pagination

	// NewInput and NewOutput make values of Input and Output; nil where the
	// service is not built (its shapes are not generated).
	NewInput, NewOutput func() Struct
	// Release gives the values of NewInput and NewOutput back to a pool, once the
	// answer is written and nothing refers to them any more. nil for operations
	// whose values are not pooled; in and out may be nil.
	Release func(in, out Struct)
}

// Binding is a place in an HTTP request.
type Binding struct {
	Location Location // InQuery or InHeader
	Name     string
}

// Pagination names the members, as paths in the model's notation, by which
// clients page through an operation's answers.
type Pagination struct {
	Input  []string // members of the input that take the token
	Output []string // members of the output that hold it, in the order of Input
	Limit  string   // member of the input that bounds a page; may be empty
	More   string   // member of the output that tells of more; may be empty
	Result []string // members of the output that are paged
}

// Handler is an operation bound to the service that implements it.
type Handler struct {
	*Operation
	// Call runs the operation. nil: it is not built, and the caller gets the
	// answer for unknown operations. out is nil for operations with events.
	Call func(ctx context.Context, in, out Struct) error
	// Stream runs an operation that answers with events.
	Stream func(ctx context.Context, in Struct, out EventStream) error
}

// EventStream is where an operation writes its events. It is used by one
// goroutine. An error that the operation returns before Open is an ordinary
// answer; after Open it becomes the stream's last message, an exception.
type EventStream interface {
	// Open sends the response's head and the initial response.
	Open() error
	// Send writes one event and flushes it. It blocks while the client does not
	// read, and fails when the client is gone.
	Send(event string, payload Struct) error
}
