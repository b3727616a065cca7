package edge

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// sink is a ResponseWriter that keeps nothing but the status.
type sink struct {
	h      http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkPutRecord is what the edge costs for one record of 1 KiB, without
// the network: from the parsed head to the written answer.
func BenchmarkPutRecord(b *testing.B) {
	s, _ := newServer(b, &streams{put: func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error { return nil }},
		func(o *Options) { o.Observer = nil })
	body := `{"StreamName":"bench","PartitionKey":"key-000001","Data":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 1024)) + `"}`
	r := post(b, "http://127.0.0.1:4566", "PutRecord", jsonType, body)
	r.RequestURI = "/"
	r.Header.Set("Amz-Sdk-Invocation-Id", "2c1d9d0f-8b1b-4c53-9a3c-5a0a5a1d2f11")
	r.Header.Set("User-Agent", "aws-sdk-go-v2/1.47.7")
	src := strings.NewReader(body)
	r.Body = io.NopCloser(src)
	w := &sink{h: make(http.Header)}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		src.Reset(body)
		clear(w.h)
		s.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkSendMessage is the same for one message of 1 KiB, in both of SQS's
// protocols.
func BenchmarkSendMessage(b *testing.B) {
	s, _ := newServer(b, nil, func(o *Options) {
		o.Observer, o.Services, o.Handlers = nil, []*api.Service{sqsapi.Service}, sqsapi.Bind(sender{})
	})
	text := strings.Repeat("x", 1024)
	for name, c := range map[string]queueCall{
		"json":  {http.MethodPost, "/", "SendMessage", `{"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"` + text + `"}`, nil},
		"query": {http.MethodPost, "/000000000000/q", "", "Action=SendMessage&Version=2012-11-05&MessageBody=" + text, nil},
	} {
		b.Run(name, func(b *testing.B) {
			r := c.request(b)
			r.RequestURI = c.path
			src := strings.NewReader(c.body)
			r.Body = io.NopCloser(src)
			w := &sink{h: make(http.Header)}
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				src.Reset(c.body)
				clear(w.h)
				s.ServeHTTP(w, r)
				if w.status != 200 {
					b.Fatal(w.status)
				}
			}
		})
	}
}

type sender struct{}

func (sender) SendMessage(_ context.Context, _ *sqsapi.SendMessageRequest, out *sqsapi.SendMessageResult) error {
	out.MessageId, out.MD5OfMessageBody = api.Some("5fea7756-0ea4-451a-a703-a558b933e274"), api.Some("fafb00f5732ab283681e124bf8747ed1")
	return nil
}

func BenchmarkHash(b *testing.B) {
	x := &exchange{body: &buffer{b: bytes.Repeat([]byte("x"), 1430)}}
	b.ReportAllocs()
	for b.Loop() {
		_ = x.hashBody()
	}
}
