package edge

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/wire/eventstream"
)

// client speaks one version of HTTP in plaintext.
func client(version int) *http.Client {
	var p http.Protocols
	p.SetHTTP1(version == 1)
	p.SetUnencryptedHTTP2(version == 2)
	return &http.Client{Transport: &http.Transport{Protocols: &p}}
}

func TestBothVersionsInPlaintext(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	for version := 1; version <= 2; version++ {
		c := client(version)
		a := do(t, c, post(t, url, "PutRecord", jsonType, putBody))
		if a.status != 200 || a.body != putAnswer || !strings.HasPrefix(a.proto, fmt.Sprintf("HTTP/%d", version)) {
			t.Errorf("version %d: %+v", version, a)
		}
		c.CloseIdleConnections()
	}
}

// certificate makes a certificate of this test's own.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2", "http/1.1"}}
}

// startTLS serves TLS on a port of its own and returns host and port.
func startTLS(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := certificate(t)
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(l, func() *tls.Config { return config }) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func TestTLSWithAndWithoutALPN(t *testing.T) {
	var state *tls.ConnectionState
	var secure bool
	s, _ := newServer(t, &streams{put: func(ctx context.Context, _ *kinesisapi.PutRecordInput, _ *kinesisapi.PutRecordOutput) error {
		state, secure = TLSState(ctx), api.CallOf(ctx).HTTP().TLS
		return nil
	}}, nil)
	addr := startTLS(t, s)
	// Handshakes that never come do not hold up the others.
	idle, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	for _, c := range []struct {
		name    string
		alpn    []string
		version int // of HTTP, that the client speaks on the connection
		proto   string
	}{
		{"HTTP/2 by ALPN", []string{"h2"}, 2, "HTTP/2.0"},
		{"HTTP/2 without ALPN", nil, 2, "HTTP/2.0"},
		{"HTTP/1.1 by ALPN", []string{"http/1.1"}, 1, "HTTP/1.1"},
		{"HTTP/1.1 without ALPN", nil, 1, "HTTP/1.1"},
	} {
		h := client(c.version)
		// The transport believes that this is plaintext, so that it does not
		// negotiate, as a client with prior knowledge.
		h.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: c.alpn}}
			conn, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return struct{ net.Conn }{conn}, nil
		}
		state = nil
		a := do(t, h, post(t, "http://"+addr, "PutRecord", jsonType, putBody))
		if a.status != 200 || a.proto != c.proto {
			t.Errorf("%s: %+v", c.name, a)
		}
		if state == nil || !state.HandshakeComplete || !secure {
			t.Errorf("%s: the call knows nothing of TLS", c.name)
		}
		h.CloseIdleConnections()
	}
}

func TestEventStreamInBothVersions(t *testing.T) {
	for version := 1; version <= 2; version++ {
		next := make(chan *api.Error)
		s, seen := newServer(t, &streams{subscribe: func(_ context.Context, in *kinesisapi.SubscribeToShardInput, out api.EventStream) error {
			if in.ShardId.V == "none" {
				return api.ErrValidation.New("before the stream")
			}
			if err := out.Open(); err != nil {
				return err
			}
			for e := range next {
				if e != nil {
					return e
				}
				if err := out.Send("SubscribeToShardEvent", &kinesisapi.SubscribeToShardEvent{ContinuationSequenceNumber: api.Some("49"), MillisBehindLatest: api.Some[int64](0)}); err != nil {
					return err
				}
			}
			return nil
		}}, nil)
		url, c := start(t, s), client(version)
		const body = `{"ConsumerARN":"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1","ShardId":"%s","StartingPosition":{"Type":"LATEST"}}`
		if a := do(t, c, post(t, url, "SubscribeToShard", jsonType, fmt.Sprintf(body, "none"))); a.status != 400 || a.header.Get("Content-Type") != jsonType || !strings.Contains(a.body, "before the stream") {
			t.Errorf("an error before the stream: %+v", a)
		}
		_ = seen.next(t)
		resp, err := c.Do(post(t, url, "SubscribeToShard", jsonType, fmt.Sprintf(body, "shardId-000000000000")))
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/vnd.amazon.eventstream" || resp.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("head: %d %v", resp.StatusCode, resp.Header)
		}
		r := eventstream.NewReader(resp.Body, 1<<20)
		expect := func(kind, name, payload string) {
			t.Helper()
			m, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Header(":" + m.Header(":message-type") + "-type"); m.Header(":message-type") != kind || got != name || string(m.Payload) != payload {
				t.Errorf("message %s %s %s", m.Header(":message-type"), got, m.Payload)
			}
		}
		expect("event", "initial-response", "") // arrives although no event does
		next <- nil
		expect("event", "SubscribeToShardEvent", `{"ContinuationSequenceNumber":"49","MillisBehindLatest":0}`)
		next <- api.ErrThrottling.New("enough")
		expect("exception", "ThrottlingException", `{"__type":"ThrottlingException","message":"enough"}`)
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("after the exception: %v", err)
		}
		if e := seen.next(t); e.Status != 200 || e.Code != "ThrottlingException" || e.BytesOut == 0 {
			t.Errorf("observed %+v", e)
		}
		resp.Body.Close()
		c.CloseIdleConnections()
	}
}

// A client that never reads holds one event and what the kernel buffers, until
// its time is up.
func TestClientThatStopsReading(t *testing.T) {
	for version := 1; version <= 2; version++ {
		sent, failed := 0, make(chan error, 1)
		event := &kinesisapi.SubscribeToShardEvent{Records: []kinesisapi.Record{{Data: make([]byte, 256<<10)}}}
		s, _ := newServer(t, &streams{subscribe: func(_ context.Context, _ *kinesisapi.SubscribeToShardInput, out api.EventStream) error {
			err := out.Open()
			for ; err == nil; sent++ {
				err = out.Send("SubscribeToShardEvent", event)
			}
			failed <- err
			return err
		}}, nil)
		s.pace.event = 200 * time.Millisecond
		url, c := start(t, s), client(version)
		resp, err := c.Do(post(t, url, "SubscribeToShard", jsonType,
			`{"ConsumerARN":"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1","ShardId":"shardId-000000000000","StartingPosition":{"Type":"LATEST"}}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err == nil || sent > 100 {
			t.Errorf("version %d: %d events sent, %v", version, sent, err)
		}
		resp.Body.Close()
		c.CloseIdleConnections()
	}
}

func TestSlowClientsAreCut(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	s.pace.header, s.pace.grace, s.pace.rate = 150*time.Millisecond, 150*time.Millisecond, 1<<30
	url := start(t, s)
	whole := new(strings.Builder)
	if err := post(t, url, "PutRecord", jsonType, putBody).Write(whole); err != nil {
		t.Fatal(err)
	}
	text := whole.String()
	for name, part := range map[string]string{
		"nothing":         "",
		"half a head":     text[:60],
		"half a body":     text[:len(text)-10],
		"half a preface":  "PRI * HTTP/2.0\r\n",
		"a head, no body": text[:len(text)-len(putBody)],
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, part); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(8 * time.Second))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("%s: the connection was kept", name)
		}
		conn.Close()
	}
	if free := s.bodies.free + s.answers.free; free != s.o.Memory {
		t.Errorf("%d bytes of memory were not given back", s.o.Memory-free)
	}
}

func TestCBORBothWays(t *testing.T) {
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	const body = "\xbf\x6aStreamName\x61s\x6cPartitionKey\x61p\x64Data\x45hello\xff"
	a := do(t, client(1), post(t, url, "PutRecord", cborType, body))
	if a.status != 200 || a.header.Get("Content-Type") != cborType || !strings.Contains(a.body, "\x67ShardId\x65hello") {
		t.Errorf("%+v", a)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// The answer to a client that does not read is given up, and its memory freed.
func TestAnswerThatNobodyReads(t *testing.T) {
	s, seen := newServer(t, &streams{put: func(_ context.Context, _ *kinesisapi.PutRecordInput, out *kinesisapi.PutRecordOutput) error {
		out.ShardId = api.Some(strings.Repeat("x", 32<<20))
		return nil
	}}, nil)
	s.pace.grace, s.pace.answerRate = 200*time.Millisecond, 1<<30
	url := start(t, s)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := post(t, url, "PutRecord", jsonType, putBody).Write(conn); err != nil {
		t.Fatal(err)
	}
	if e := seen.next(t); e.BytesOut >= 32<<20 {
		t.Errorf("observed %+v", e)
	}
	if free := s.bodies.free + s.answers.free; free != s.o.Memory {
		t.Errorf("%d bytes of memory were not given back", s.o.Memory-free)
	}
}

func TestTenThousandIdleConnections(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // what it gave is read below
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	n := min(10_000, int(limit.Cur-min(limit.Cur, 500))/2) // both ends are in this process
	if n < 10_000 {
		t.Logf("the limit of %d descriptors allows %d connections", limit.Cur, n)
	}
	s, _ := newServer(t, &streams{}, nil)
	url := start(t, s)
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range n {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		if _, err := io.WriteString(c, "GET /_millrace/health HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range conns {
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%v %v", resp, err)
		}
	}
	if a := do(t, http.DefaultClient, post(t, url, "PutRecord", jsonType, putBody)); a.status != 200 {
		t.Errorf("beside %d idle connections: %+v", n, a)
	}
}
