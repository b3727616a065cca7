package edge

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"

	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/authn/sigv4"
)

// internalPath is the server's own part of the path space (design §3).
const internalPath = "/_millrace"

// serveInternal serves what is under /_millrace. It reports false for other paths.
func (s *Server) serveInternal(w http.ResponseWriter, r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, internalPath)
	if !ok || rest != "" && rest[0] != '/' {
		return false
	}
	switch rest {
	case "/health":
		s.serveState(w, s.o.Health)
	case "/ready":
		ready := s.o.Ready
		if s.draining.Load() {
			ready = func() error { return errDraining }
		}
		s.serveState(w, ready)
	case "/version":
		writeJSON(w, http.StatusOK, map[string]string{"version": s.o.Version})
	default:
		s.serveAdmin(w, r)
	}
	return true
}

// serveState answers 200 where the check finds nothing, else 503 and why.
func (s *Server) serveState(w http.ResponseWriter, check func() error) {
	if check != nil {
		if err := check(); err != nil {
			writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": err.Error()})
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.o.Admin == nil:
		http.NotFound(w, r)
	case !s.mayAdminister(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="Millrace: access key id and secret access key"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"message": "From elsewhere than this machine, this needs the credentials of an account."})
	default:
		s.o.Admin.ServeHTTP(w, r)
	}
}

// mayAdminister reports whether the request comes from this machine, and neither
// through a proxy nor from a page under a foreign name, or has credentials: HTTP
// basic or a signature without a body.
func (s *Server) mayAdminister(r *http.Request) bool {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	proxied := first(r.Header, "X-Forwarded-For") != "" || first(r.Header, "Forwarded") != "" || first(r.Header, "X-Real-Ip") != ""
	if ip != nil && ip.IsLoopback() && !proxied && authn.IsLoopbackHost(r.Host) {
		return true
	}
	if key, secret, ok := r.BasicAuth(); ok {
		return s.o.Auth.Knows(key, secret)
	}
	path, query := target(r)
	req := sigv4.Request{Method: r.Method, Path: path, Query: query, Host: r.Host, Header: r.Header, ContentLength: r.ContentLength}
	var sig sigv4.Signature
	if s.o.Auth.Claim(&req, &sig) != nil || r.ContentLength != 0 {
		return false
	}
	_, err := s.o.Auth.Verify(&req, &sig, "", sigv4.EmptyHash)
	return err == nil
}

func writeJSON(w http.ResponseWriter, status int, v map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
