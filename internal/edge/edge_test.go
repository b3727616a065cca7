package edge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/authz"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/clock"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// streams is a service that answers what a test wants.
type streams struct {
	put       func(context.Context, *kinesisapi.PutRecordInput, *kinesisapi.PutRecordOutput) error
	subscribe func(context.Context, *kinesisapi.SubscribeToShardInput, api.EventStream) error
}

func (s *streams) PutRecord(ctx context.Context, in *kinesisapi.PutRecordInput, out *kinesisapi.PutRecordOutput) error {
	if s.put != nil {
		return s.put(ctx, in, out)
	}
	out.SequenceNumber, out.ShardId = api.Some("49"), api.Some(string(in.Data))
	return nil
}

func (s *streams) SubscribeToShard(ctx context.Context, in *kinesisapi.SubscribeToShardInput, out api.EventStream) error {
	return s.subscribe(ctx, in, out)
}

// record keeps what the server told its observer.
type record chan Event

func (r record) Observe(e Event) {
	select {
	case r <- e:
	default: // this test does not look
	}
}

// next waits for the next event: it comes after the client has its answer.
func (r record) next(t *testing.T) Event {
	t.Helper()
	select {
	case e := <-r:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was observed")
		return Event{}
	}
}

func newServer(t testing.TB, svc *streams, change func(*Options)) (*Server, record) {
	t.Helper()
	auth, err := authn.New(authn.Options{Clock: clock.NewFake(epoch), Accounts: []authn.Account{{ID: "000000000000", AccessKeyID: "AKID", SecretAccessKey: "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(record, 16)
	o := Options{
		Services: []*api.Service{kinesisapi.Service}, Handlers: kinesisapi.Bind(svc), Auth: auth, Authorizer: authz.RootOnly{},
		Clock: clock.Real, Logger: slog.New(slog.DiscardHandler), Observer: seen, Version: "1.2.3",
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, seen
}

// start serves on a port of its own and returns the address.
func start(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// post makes a signed request for an operation of Kinesis.
func post(t testing.TB, url, operation, contentType, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	sign(r, body)
	return r
}

func sign(r *http.Request, body string) { signFor(r, "kinesis", body) }

func signFor(r *http.Request, service, body string) {
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, sigv4.HashBody([]byte(body)),
		sigv4.Scope{Region: "eu-west-1", Service: service}, epoch)
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	proto  string
}

func do(t *testing.T, c *http.Client, r *http.Request) answer {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body), resp.Proto}
}

const (
	jsonType  = "application/x-amz-json-1.1"
	cborType  = "application/x-amz-cbor-1.1"
	putBody   = `{"StreamName":"s","PartitionKey":"p","Data":"aGVsbG8="}`
	putAnswer = `{"ShardId":"hello","SequenceNumber":"49"}`
)

func TestCallReachesTheService(t *testing.T) {
	var call api.Call
	s, seen := newServer(t, &streams{put: func(ctx context.Context, in *kinesisapi.PutRecordInput, out *kinesisapi.PutRecordOutput) error {
		call = *api.CallOf(ctx)
		out.SequenceNumber, out.ShardId = api.Some("49"), api.Some(string(in.Data))
		return nil
	}}, nil)
	url := start(t, s)
	a := do(t, http.DefaultClient, post(t, url, "PutRecord", jsonType+"; charset=utf-8", putBody))
	if a.status != 200 || a.body != putAnswer || a.header.Get("Content-Type") != jsonType {
		t.Fatalf("%+v", a)
	}
	if call.Account != "000000000000" || call.Region != "eu-west-1" || call.Operation != kinesisapi.OpPutRecord || !call.Principal.Root {
		t.Errorf("%+v", call)
	}
	id := a.header.Get("X-Amzn-Requestid")
	if id != call.RequestID || len(id) != 36 || len(a.header.Get("X-Amz-Id-2")) != 96 || a.header.Get("Date") == "" {
		t.Errorf("ids and date: %v", a.header)
	}
	e := seen.next(t)
	want := Event{RequestID: id, Service: "kinesis", Operation: "PutRecord", Protocol: "json-1.1", Account: "000000000000", Region: "eu-west-1",
		Status: 200, Duration: e.Duration, BytesIn: int64(len(putBody)), BytesOut: int64(len(putAnswer))}
	if e != want || e.Duration <= 0 {
		t.Errorf("observed %+v, want %+v", e, want)
	}
}

func TestBodyOfUnknownLength(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	for _, size := range []int{1, 4095, 4096, 4097, 70_000, 1 << 20} {
		body := `{"StreamName":"s","PartitionKey":"p","Data":"aGVsbG8=","x":"` + strings.Repeat("x", size) + `"}`
		r := post(t, url, "PutRecord", jsonType, body)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte(body))), -1
		if a := do(t, http.DefaultClient, r); a.status != 200 || a.body != putAnswer {
			t.Errorf("%d: %+v", size, a)
		}
	}
}
