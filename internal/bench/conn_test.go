package bench

import (
	"io"
	"net"
	"strings"
	"testing"
)

// answer lets one request be answered with text, sent in pieces of n bytes.
func answer(t *testing.T, text string, n int) (status int, body string, err error) {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		if _, err := io.ReadFull(server, make([]byte, 4)); err != nil {
			return
		}
		for rest := text; rest != ""; {
			k := min(n, len(rest))
			if _, err := io.WriteString(server, rest[:k]); err != nil {
				return
			}
			rest = rest[k:]
		}
	}()
	var b strings.Builder
	status, err = newConn(client, readSize).do(net.Buffers{[]byte("he"), []byte("ad")}, func(p []byte) { b.Write(p) })
	return status, b.String(), err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		status     int
		body       string
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", 200, "hello"},
		{"case and no body", "HTTP/1.1 400 Bad\r\ncontent-LENGTH:0\r\n\r\n", 400, ""},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n, world...\r\n0\r\nT: t\r\n\r\n", 200, "hello, world..."},
		{"continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\n!", 201, "!"},
	} {
		for _, n := range []int{1, 7, 4096} {
			status, body, err := answer(t, c.text, n)
			if err != nil || status != c.status || body != c.body {
				t.Errorf("%s in pieces of %d: %d %q %v", c.name, n, status, body, err)
			}
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, text := range []string{
		"", "HTTP/1.1", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", readSize),
	} {
		if status, body, err := answer(t, text, 1000); err == nil {
			t.Errorf("%.60q: status %d, body %q", text, status, body)
		}
	}
}
