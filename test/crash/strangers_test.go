package crash

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/crash/history"
)

// signed makes a signed request of any body.
func (srv *server) signed(t *testing.T, operation, contentType, body string) *http.Request {
	t.Helper()
	r, err := signedRequest(t.Context(), srv.HTTP(), operation, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// signedRequest makes a request that the root of the default account has signed.
func signedRequest(ctx context.Context, url, operation, contentType, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	r.Header.Set("Content-Type", contentType)
	now := time.Now().UTC()
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, sigv4.HashBody([]byte(body)),
		sigv4.Scope{Date: now.Format("20060102"), Region: region, Service: "kinesis"}, now)
	return r, nil
}

const (
	jsonBody = "application/x-amz-json-1.1"
	cborBody = "application/x-amz-cbor-1.1"
)

// crowded starts a server with one stream that has records.
func crowded(t *testing.T, w *writer) (*server, *kinesis.Client) {
	t.Helper()
	srv := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--memory=64MiB").start()
	c := srv.client()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &w.stream, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := settled(t.Context(), c, w.stream); err != nil {
		t.Fatal(err)
	}
	return srv, c
}

// TestBadBodies sends what no client sends, signed, to the whole server: each is
// an error of the sender's, and the server goes on.
func TestBadBodies(t *testing.T) {
	w := newWriter(1, "s", 10)
	srv, c := crowded(t, w)
	deepJSON := `{"StreamName":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`
	deepCBOR := "\xa1\x6aStreamName" + strings.Repeat("\x81", 100_000) + "\x00"
	for _, b := range []struct{ name, operation, contentType, body, want string }{
		{"empty", "PutRecord", jsonBody, "", "SerializationException"},
		{"empty CBOR", "PutRecord", cborBody, "", "SerializationException"},
		{"truncated", "PutRecord", jsonBody, `{"StreamName":"s","Data":"aG`, "SerializationException"},
		{"truncated CBOR", "PutRecord", cborBody, "\xa3\x6aStreamName\x61", "SerializationException"},
		{"length beyond the body", "PutRecord", cborBody, "\xa1\x64Data\x5b\x00\x00\x00\xff\xff\xff\xff\xff", "SerializationException"},
		{"count beyond the body", "PutRecords", cborBody, "\xa1\x67Records\x9b\x00\x00\x00\xff\xff\xff\xff\xff", "SerializationException"},
		{"deep", "PutRecord", jsonBody, deepJSON, "SerializationException"},
		{"deep CBOR", "PutRecord", cborBody, deepCBOR, "SerializationException"},
		{"wrongly typed", "PutRecord", jsonBody, `{"StreamName":["s"],"Data":7,"PartitionKey":{}}`, "SerializationException"},
		{"wrongly typed CBOR", "PutRecord", cborBody, "\xa1\x6aStreamName\x81\x61s", "SerializationException"},
		{"a list", "PutRecord", jsonBody, `[]`, "SerializationException"},
		{"a list of CBOR", "PutRecord", cborBody, "\x80", "SerializationException"},
		{"not UTF-8", "PutRecord", jsonBody, "{\"StreamName\":\"\xff\xfe\",\"Data\":\"aGk=\",\"PartitionKey\":\"k\"}", ""},
		{"not UTF-8 in CBOR", "PutRecord", cborBody, "\xa1\x6aStreamName\x62\xff\xfe", ""},
		{"CBOR as JSON", "PutRecord", jsonBody, "\xa1\x6aStreamName\x61s", "SerializationException"},
		{"JSON as CBOR", "PutRecord", cborBody, `{"StreamName":"s"}`, "SerializationException"},
		{"unknown operation", "PutRecrod", jsonBody, `{}`, "UnknownOperationException"},
		{"unknown operation in CBOR", "PutRecrod", cborBody, "\xa0", "UnknownOperationException"},
		{"record too large", "PutRecord", jsonBody, `{"StreamName":"s","PartitionKey":"k","Data":"` + strings.Repeat("AAAA", 400_000) + `"}`, "ValidationException"},
	} {
		resp, err := http.DefaultClient.Do(srv.signed(t, b.operation, b.contentType, b.body))
		if err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 400 || b.want != "" && !strings.Contains(string(answer), b.want) {
			t.Errorf("%s: status %d, %.200q, %v", b.name, resp.StatusCode, answer, err)
		}
	}
	// One that is larger than any request may be is not read to its end.
	r := srv.signed(t, "PutRecords", jsonBody, "")
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 1<<30)), 1<<30
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
		if resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("a body of 1 GiB: status %d", resp.StatusCode)
		}
	}
	if err := w.put(t.Context(), c); err != nil {
		t.Error(err)
	}
	checkStream(t, c, "s", w)
	if rss := srv.memory(t); rss > 300<<20 {
		t.Errorf("the server holds %d MiB", rss>>20)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// memory is the resident memory of the process in bytes.
func (srv *server) memory(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", srv.Pid()))
	if err != nil {
		program.Skip(t, "there is no /proc to read the memory of a process from")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestIdleConnections opens 10,000 connections that do nothing after their first
// call; others are served as before.
func TestIdleConnections(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := min(10_000, int(min(limit.Max, 1<<20))-500) // the Go runtime raises the soft limit itself, here and in the server
	if n < 10_000 {
		t.Logf("the limit of %d descriptors allows %d connections", limit.Max, n)
	}
	w := newWriter(1, "s", 10)
	srv, c := crowded(t, w)
	before := srv.memory(t)
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.HTTP(), "http://"))
		if err != nil {
			t.Fatalf("connection %d: %v", len(conns), err)
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, "GET /_millrace/health HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for i, conn := range conns {
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("connection %d: %v %v", i, resp, err)
		}
	}
	for range 20 {
		if err := w.put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	checkStream(t, c, "s", w)
	each := (srv.memory(t) - before) / int64(n)
	t.Logf("%d idle connections, %d KiB of memory each", n, each>>10)
	if each > 64<<10 {
		t.Errorf("an idle connection costs %d bytes", each)
	}
}

// TestClientsThatStopReading asks for pages of 10 MiB and subscribes to a shard of
// large records, and reads nothing of it. The server's memory stays bounded, and
// others are served.
func TestClientsThatStopReading(t *testing.T) {
	ctx := t.Context()
	w := newWriter(1, "s", 10)
	w.maxBytes, w.even = 900_000, true
	srv, c := crowded(t, w)
	for range 12 {
		if err := w.put(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	stream, err := c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	silent := func(r *http.Request) {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.HTTP(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
	}
	it, err := c.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		silent(srv.signed(t, "GetRecords", jsonBody, `{"ShardIterator":"`+*it.ShardIterator+`"}`))
	}
	for i := range 20 {
		name := fmt.Sprint("consumer", i)
		out, err := c.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: stream.StreamDescriptionSummary.StreamARN, ConsumerName: &name})
		if err != nil {
			t.Fatal(err)
		}
		arn := out.Consumer.ConsumerARN
		await(t, 5*time.Second, "an active consumer", func() bool {
			d, err := c.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn})
			return err == nil && d.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive
		})
		silent(srv.signed(t, "SubscribeToShard", jsonBody, `{"ConsumerARN":"`+*arn+`","ShardId":"shardId-000000000000","StartingPosition":{"Type":"TRIM_HORIZON"}}`))
	}
	// 64 MiB are the server's own bound; the rest is what the runtime holds beside.
	const bound = 350 << 20
	beside(t, srv, c, 20, bound)
}

// beside is another client for some seconds, which must be served, in bounded
// memory.
func beside(t *testing.T, srv *server, c *kinesis.Client, id uint32, bound int64) {
	t.Helper()
	w := newWriter(id, "s", 20)
	began, worst, most := time.Now(), time.Duration(0), int64(0)
	for time.Since(began) < 2*time.Second {
		at := time.Now()
		if err := w.put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		worst, most = max(worst, time.Since(at)), max(most, srv.memory(t))
	}
	refused := 0
	for _, a := range w.attempts {
		if a.Outcome != history.Acknowledged {
			refused++
		}
	}
	t.Logf("beside clients that do not read: %d records, %d refused, slowest call %v, at most %d MiB", len(w.attempts), refused, worst, most>>20)
	if refused > 0 {
		t.Errorf("%d of %d records of another client were refused", refused, len(w.attempts))
	}
	if most > bound {
		t.Errorf("the server held %d MiB", most>>20)
	}
}
