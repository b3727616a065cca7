package edge

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// tlsListener does the handshakes itself, many at once, and hands out connections
// that do not look like TLS to net/http: only so does it recognise HTTP/2 by its
// preface, which some clients send without ALPN (available.md, "Seen on the wire").
type tlsListener struct {
	net.Listener
	config   *tls.Config
	patience time.Duration // for a handshake
	ready    chan net.Conn
	failed   chan error
	closed   chan struct{}
	once     sync.Once
}

func newTLSListener(l net.Listener, config func() *tls.Config, patience time.Duration) *tlsListener {
	t := &tlsListener{
		Listener: l,
		config:   &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return config(), nil }, MinVersion: tls.VersionTLS12},
		patience: patience,
		ready:    make(chan net.Conn),
		failed:   make(chan error, 1),
		closed:   make(chan struct{}),
	}
	go t.accept()
	return t
}

// accept ends when the listener is closed or fails for good.
func (t *tlsListener) accept() {
	for {
		c, err := t.Listener.Accept()
		if err != nil {
			t.failed <- err
			if retryable(err) {
				continue
			}
			return
		}
		go t.handshake(c)
	}
}

// retryable reports whether accepting may work again, as when descriptors ran
// out; net/http waits a moment before it asks again.
func retryable(err error) bool {
	//nolint:staticcheck // net/http itself goes by Temporary, and there is no other way to know.
	e, ok := err.(interface{ Temporary() bool })
	return ok && e.Temporary()
}

// handshake ends when patience does, or when its connection is taken.
func (t *tlsListener) handshake(raw net.Conn) {
	c := tls.Server(raw, t.config)
	ctx, cancel := context.WithTimeout(context.Background(), t.patience)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the client's fault, and it knows
		return
	}
	state := c.ConnectionState()
	select {
	case t.ready <- &tlsConn{Conn: c, state: &state}:
	case <-t.closed:
		_ = c.Close()
	}
}

// Accept returns the next connection whose handshake is done.
func (t *tlsListener) Accept() (net.Conn, error) {
	select {
	case c := <-t.ready:
		return c, nil
	case err := <-t.failed:
		return nil, err
	}
}

// Close closes the listener; handshakes under way end by themselves.
func (t *tlsListener) Close() error {
	t.once.Do(func() { close(t.closed) })
	return t.Listener.Close()
}

// tlsConn hides that it is TLS.
type tlsConn struct {
	net.Conn
	state *tls.ConnectionState
}

type tlsStateKey struct{}

func withTLSState(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tlsConn); ok {
		return context.WithValue(ctx, tlsStateKey{}, t.state)
	}
	return ctx
}

// TLSState returns what is known of the TLS connection that a request came on,
// nil where it came in plaintext. Nobody may change it.
func TLSState(ctx context.Context) *tls.ConnectionState {
	state, _ := ctx.Value(tlsStateKey{}).(*tls.ConnectionState)
	return state
}
