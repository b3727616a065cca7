package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/authn/sigv4"
)

// Protocol is how requests and answers are written.
type Protocol string

// The protocols.
const (
	JSON Protocol = "json" // AWS JSON 1.1
	CBOR Protocol = "cbor" // AWS CBOR 1.1, as the Java SDK speaks it
)

// service is a service of AWS as its requests name it.
type service struct {
	signing string // in the scope of a signature
	target  string // before the operation's name
	content func(Protocol) string
}

var (
	kinesis = &service{"kinesis", "Kinesis_20131202.", func(p Protocol) string {
		if p == CBOR {
			return "application/x-amz-cbor-1.1"
		}
		return "application/x-amz-json-1.1"
	}}
	sqs = &service{"sqs", "AmazonSQS.", func(Protocol) string { return "application/x-amz-json-1.0" }}
)

// maxAge is how old a signature may be: servers take 5 minutes.
const maxAge = 4 * time.Minute

// Target is where requests go, and on whose behalf.
type Target struct {
	Host        string // with the port
	Region      string
	Credentials sigv4.Credentials
}

// ParseTarget reads an endpoint such as http://127.0.0.1:4566. Only plain HTTP is
// spoken, to whatever host.
func ParseTarget(endpoint, region string, c sigv4.Credentials) (Target, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return Target{}, fmt.Errorf("endpoint %q: want http://HOST:PORT", endpoint)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "80")
	}
	return Target{Host: u.Host, Region: region, Credentials: c}, nil
}

// request is a request that can be sent again and again.
type request struct {
	service   *service
	operation string
	protocol  Protocol
	body      []byte
	hash      string

	head   []byte
	signed time.Time
}

// newRequest returns a request of Kinesis.
func newRequest(operation string, p Protocol, body []byte) *request {
	return &request{service: kinesis, operation: operation, protocol: p, body: body, hash: sigv4.HashBody(body)}
}

// newQueueRequest returns a request of SQS.
func newQueueRequest(operation string, body []byte) *request {
	return &request{service: sqs, operation: operation, protocol: JSON, body: body, hash: sigv4.HashBody(body)}
}

// renew takes notice of a new body.
func (r *request) renew() { r.hash, r.signed = sigv4.HashBody(r.body), time.Time{} }

// parts returns the request as it is sent, signed anew where its signature is
// too old at the time now.
func (r *request) parts(t *Target, now time.Time) net.Buffers {
	if now.Sub(r.signed) > maxAge {
		r.sign(t, now)
	}
	return net.Buffers{r.head, r.body}
}

func (r *request) sign(t *Target, now time.Time) {
	h := http.Request{
		Method: http.MethodPost, Host: t.Host, URL: &url.URL{Scheme: "http", Host: t.Host, Path: "/"},
		Header: http.Header{
			"Content-Type": {r.service.content(r.protocol)},
			"X-Amz-Target": {r.service.target + r.operation},
		},
	}
	sigv4.Sign(&h, t.Credentials, r.hash, sigv4.Scope{Region: t.Region, Service: r.service.signing}, now.UTC())
	var b bytes.Buffer
	b.WriteString("POST / HTTP/1.1\r\nHost: " + t.Host + "\r\nContent-Length: " + strconv.Itoa(len(r.body)) + "\r\n")
	_ = h.Header.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	r.head, r.signed = b.Bytes(), now
}

// Error is an answer that says no.
type Error struct {
	Operation string
	Status    int
	Body      string // its beginning
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: HTTP status %d: %.300q", e.Operation, e.Status, e.Body)
}

// Code returns the name of the AWS error, "" where the answer has none.
func (e *Error) Code() string {
	var v struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal([]byte(e.Body), &v) // then there is none
	return v.Type[strings.IndexByte(v.Type, '#')+1:]
}

// throttled reports whether an error is an answer by throttling, in JSON or CBOR.
func throttled(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && strings.Contains(e.Body, "ProvisionedThroughputExceededException")
}

// control sends one request that is no part of a measurement, in JSON.
func (c *conn) control(t *Target, s *service, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var answer []byte
	r := &request{service: s, operation: operation, protocol: JSON, body: body, hash: sigv4.HashBody(body)}
	status, err := c.do(r.parts(t, time.Now()), func(b []byte) { answer = append(answer, b...) })
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if status != http.StatusOK {
		return &Error{operation, status, string(answer)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
