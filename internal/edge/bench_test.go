package edge

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
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

func BenchmarkHash(b *testing.B) {
	x := &exchange{body: &buffer{b: bytes.Repeat([]byte("x"), 1430)}}
	b.ReportAllocs()
	for b.Loop() {
		_ = x.hashBody()
	}
}
