// Package sdk makes clients of the Go SDK for tests of a server that answers
// faster than the SDK expects.
package sdk

import (
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Kinesis returns a client that never tries again: what a call answers is what
// the server did, once.
func Kinesis(url, region, accessKey, secretKey string) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		Region:       region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   httpClient(16),
	})
}

// SQS is Kinesis for queues. It has room for receives that wait.
func SQS(url, region, accessKey, secretKey string) *sqs.Client {
	return sqs.New(sqs.Options{
		Region:       region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   httpClient(64),
	})
}

func httpClient(idle int) *http.Client {
	return &http.Client{Transport: plainBodies{&http.Transport{MaxIdleConnsPerHost: idle, ResponseHeaderTimeout: 30 * time.Second}}}
}

// plainBodies hides that the SDK's bodies can write themselves. The SDK closes a
// body as soon as the answer's head is there; net/http then still looks whether
// the body has more, and a closed one that writes itself says io.EOF, an error,
// for which net/http gives the connection up in the middle of the answer. That
// is once in some forty calls of a server as near as ours, and each would stand
// here for a server that has died.
type plainBodies struct{ *http.Transport }

func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.Transport.RoundTrip(r)
}
