package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Times and sizes of connections.
const (
	// idleTimeout is longer than the pools of AWS's clients keep a connection (at
	// most 60 s), so that they, not we, close it, and no request meets a closed one.
	idleTimeout    = 5 * time.Minute
	maxHeaderBytes = 64 << 10
	pingAfter      = 30 * time.Second // of silence on an HTTP/2 connection
	pingTimeout    = 20 * time.Second
	stuckWrite     = 30 * time.Second // without one byte taken by the peer's kernel
)

// Serve serves plaintext connections: HTTP/1.1, and HTTP/2 with prior knowledge.
// It returns once the listener fails, or nil after Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.serve(l) }

// ServeTLS serves TLS connections: HTTP/1.1, and HTTP/2 by ALPN or with prior
// knowledge. config is asked for each connection, so that a certificate can
// change. It returns once the listener fails, or nil after Shutdown.
func (s *Server) ServeTLS(l net.Listener, config func() *tls.Config) error {
	return s.serve(newTLSListener(l, config, s.pace.handshake))
}

func (s *Server) serve(l net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	h := &http.Server{
		Handler:           s,
		Protocols:         &protocols,
		ReadHeaderTimeout: s.pace.header,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          s.o.MaxStreams,
			MaxReceiveBufferPerConnection: 4 << 20,
			MaxReceiveBufferPerStream:     1 << 20,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingTimeout,
			WriteByteTimeout:              stuckWrite,
		},
		BaseContext: func(net.Listener) context.Context { return s.calls },
		ConnContext: withTLSState,
		ErrorLog:    slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug),
	}
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		_ = l.Close() // nothing was accepted
		return nil
	}
	s.servers = append(s.servers, h)
	s.mu.Unlock()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown drains the server: it accepts nothing more, ends streams of events at
// once, gives calls some seconds to end by themselves, then ends their contexts,
// and returns when all connections are closed. Connections that are still busy
// when ctx ends are cut, and ctx's error comes back.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining.Store(true)
	servers := s.servers
	s.mu.Unlock()
	s.endStream(errDraining)
	patience := time.AfterFunc(s.pace.drain, func() { s.endCalls(errDraining) })
	defer patience.Stop()
	done := make(chan error, len(servers))
	for _, h := range servers {
		go func() {
			err := h.Shutdown(ctx)
			if err != nil {
				err = errors.Join(err, h.Close())
			}
			done <- err
		}()
	}
	var all error
	for range servers {
		all = errors.Join(all, <-done)
	}
	return all
}
