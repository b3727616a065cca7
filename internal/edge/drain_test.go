package edge

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// While the server drains, a call that is under way ends with its answer, a
// stream ends at once, a call that would wait for long is ended, and readiness
// says no.
func TestDrain(t *testing.T) {
	entered, release := make(chan string, 3), make(chan struct{})
	s, _ := newServer(t, &streams{
		put: func(ctx context.Context, in *kinesisapi.PutRecordInput, out *kinesisapi.PutRecordOutput) error {
			entered <- string(in.Data)
			if in.StreamName.V == "slow" {
				<-ctx.Done()
				return ctx.Err()
			}
			<-release
			out.ShardId = api.Some("done")
			return nil
		},
		subscribe: func(ctx context.Context, _ *kinesisapi.SubscribeToShardInput, out api.EventStream) error {
			if err := out.Open(); err != nil {
				return err
			}
			entered <- "stream"
			<-ctx.Done()
			return ctx.Err()
		},
	}, nil)
	s.pace.drain = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	url := "http://" + l.Addr().String()

	answers := make(map[string]chan string)
	for name, r := range map[string]*http.Request{
		"call": post(t, url, "PutRecord", jsonType, putBody),
		"long": post(t, url, "PutRecord", jsonType, `{"StreamName":"slow","PartitionKey":"p","Data":"aGVsbG8="}`),
		"stream": post(t, url, "SubscribeToShard", jsonType,
			`{"ConsumerARN":"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}`),
	} {
		answer := make(chan string, 1)
		answers[name] = answer
		go func() {
			resp, err := client(1).Do(r)
			if err != nil {
				answer <- err.Error()
				return
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				answer <- err.Error()
				return
			}
			answer <- resp.Status
		}()
	}
	for range answers {
		<-entered
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(ctx) }()
	if got := <-answers["stream"]; got != "200 OK" {
		t.Errorf("stream: %s", got)
	}
	if w := internal(s, "/_millrace/ready", "127.0.0.1:1", nil); w.status != http.StatusServiceUnavailable {
		t.Errorf("ready while draining: %d", w.status)
	}
	if got := <-answers["long"]; got != "503 Service Unavailable" {
		t.Errorf("long call: %s", got)
	}
	close(release)
	if got := <-answers["call"]; got != "200 OK" {
		t.Errorf("call: %s", got)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	late, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(late); err != nil {
		t.Errorf("serve after shutdown: %v", err)
	}
}
