// Package model is the suite's own client of services that speak AWS JSON and
// AWS CBOR, 1.1: it is made from a service's model at run time, so it has every
// operation, those too that no SDK here knows yet. It signs its requests, and
// shares no codec with the server.
//
// It owns how values of the API look in Go (Object) and how they look on the
// wire. It holds each answer against the model: a member that the model does not
// have, one of another type, or a required one that is missing is an error.
//
// A Client may be used by many goroutines.
package model

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn/sigv4"
)

// Object is a structure or a map of the API, by the names on the wire. Its values
// are string, []byte, bool, int, float64, time.Time, []any and Object. What is
// sent may be of other types than the model says, to be refused.
type Object = map[string]any

// Encoding is how values look on the wire.
type Encoding struct {
	contentType string
	encode      func(Object) ([]byte, error)
	decode      func([]byte) (any, error) // numbers as json.Number or int
}

// The two encodings, 1.1 both.
var (
	JSON = Encoding{"application/x-amz-json-1.1", encodeJSON, decodeJSON}
	CBOR = Encoding{"application/x-amz-cbor-1.1", encodeCBOR, decodeCBOR}
)

// Client calls one service with one key. It never tries again.
type Client struct {
	Service  *api.Service
	Encoding Encoding
	URL      string // of the server, without a path
	Region   string
	Key      sigv4.Credentials
	HTTP     *http.Client
}

// Call calls an operation and returns its output; nil where it has none. An error
// that the server answered with is a [smithy.APIError], and any other is not.
func (c *Client) Call(ctx context.Context, operation string, in Object) (Object, error) {
	op := c.operation(operation)
	for name := range in {
		if op.Input.Lookup([]byte(name), 0) < 0 {
			panic(fmt.Sprintf("BUG: %s has no member %s", operation, name))
		}
	}
	status, contentType, body, err := c.send(ctx, operation, in)
	if err != nil {
		return nil, err
	}
	if contentType != c.Encoding.contentType {
		return nil, fmt.Errorf("%s was answered in %q", operation, contentType)
	}
	if status == http.StatusOK && op.Output == nil {
		if len(body) > 0 {
			err = fmt.Errorf("%s has no output and was answered with %q", operation, body)
		}
		return nil, err
	}
	v, err := c.Encoding.decode(body)
	if err != nil {
		return nil, fmt.Errorf("the answer to %s, %q: %w", operation, body, err)
	}
	if status != http.StatusOK {
		return nil, apiError(status, v)
	}
	out, err := conform(op.Output, v)
	if err != nil {
		return nil, fmt.Errorf("the answer to %s, %q: %w", operation, body, err)
	}
	return out.(Object), nil
}

func (c *Client) operation(name string) *api.Operation {
	for _, op := range c.Service.Operations {
		if op.Name == name {
			return op
		}
	}
	panic("BUG: the model has no operation " + name)
}

func (c *Client) send(ctx context.Context, operation string, in Object) (status int, contentType string, answer []byte, err error) {
	body, err := c.Encoding.encode(in)
	if err != nil {
		return 0, "", nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/", bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	r.Header.Set("Content-Type", c.Encoding.contentType)
	r.Header.Set("X-Amz-Target", c.Service.TargetPrefix+"."+operation)
	sigv4.Sign(r, c.Key, sigv4.HashBody(body), sigv4.Scope{Region: c.Region, Service: c.Service.SigningName}, time.Now())
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Content-Type"), answer, err
}

// apiError makes an error of an answer, whose message has a small letter or a
// large one by who found it (reference kinesis-streams §2.3).
func apiError(status int, v any) error {
	o, _ := v.(Object)
	code, _ := o["__type"].(string)
	message, ok := o["message"].(string)
	if !ok {
		message, ok = o["Message"].(string)
	}
	if code == "" || !ok {
		return fmt.Errorf("status %d and no error: %v", status, v)
	}
	fault := smithy.FaultClient
	if status >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: fault}
}

// conform turns a decoded value into one of the schema's type.
func conform(s *api.Schema, v any) (any, error) {
	switch s.Kind {
	case api.KindStruct:
		if o, ok := v.(Object); ok {
			return conformStruct(s, o)
		}
	case api.KindMap:
		if o, ok := v.(Object); ok {
			return conformEach(s.Elem.Schema, o)
		}
	case api.KindList:
		if list, ok := v.([]any); ok {
			for i := range list {
				var err error
				if list[i], err = conform(s.Elem.Schema, list[i]); err != nil {
					return nil, fmt.Errorf("element %d: %w", i, err)
				}
			}
			return list, nil
		}
	case api.KindString:
		if text, ok := v.(string); ok {
			return text, nil
		}
	case api.KindBool:
		if truth, ok := v.(bool); ok {
			return truth, nil
		}
	case api.KindInt, api.KindLong:
		switch n := v.(type) {
		case int:
			return n, nil
		case json.Number:
			i, err := n.Int64()
			return int(i), err
		}
	case api.KindBlob:
		return conformBlob(v)
	case api.KindTimestamp:
		return conformTime(v)
	}
	return nil, fmt.Errorf("%T in place of %s", v, s.Name)
}

func conformStruct(s *api.Schema, o Object) (Object, error) {
	for name, v := range o {
		i := s.Lookup([]byte(name), 0)
		if i < 0 {
			return nil, fmt.Errorf("%s has no member %s", s.Name, name)
		}
		var err error
		if o[name], err = conform(s.Members[i].Schema, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for i := range s.Members {
		if m := &s.Members[i]; m.Required && o[m.Wire] == nil {
			return nil, fmt.Errorf("%s is without its %s", s.Name, m.Wire)
		}
	}
	return o, nil
}

func conformEach(s *api.Schema, o Object) (Object, error) {
	for key, v := range o {
		var err error
		if o[key], err = conform(s, v); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return o, nil
}
