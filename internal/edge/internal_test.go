package edge

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
)

// internal asks for a path of the server's own, as from an address.
func internal(s *Server, path, from string, change func(*http.Request)) *sink {
	r := &http.Request{Method: "GET", URL: &url.URL{Path: path}, RequestURI: path, Host: "localhost:4566", RemoteAddr: from, Header: http.Header{}, Body: http.NoBody}
	if change != nil {
		change(r)
	}
	w := &sink{h: http.Header{}, status: 200}
	s.ServeHTTP(w, r)
	return w
}

func TestOwnPathsAreGated(t *testing.T) {
	s, _ := newServer(t, &streams{}, func(o *Options) {
		o.Admin = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		o.Ready = func() error { return errors.New("starting") }
	})
	const far, near = "192.0.2.1:1", "127.0.0.1:1"
	for _, c := range []struct {
		name, path, from string
		change           func(*http.Request)
		status           int
	}{
		{"health", "/_millrace/health", far, nil, 200},
		{"version", "/_millrace/version", far, nil, 200},
		{"not ready", "/_millrace/ready", far, nil, 503},
		{"metrics from here", "/_millrace/metrics", near, nil, 204},
		{"metrics from here, IPv6", "/_millrace/metrics", "[::1]:1", nil, 204},
		{"metrics from elsewhere", "/_millrace/metrics", far, nil, 401},
		{"through a proxy here", "/_millrace/metrics", near, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, 401},
		{"a page under a foreign name", "/_millrace/metrics", near, func(r *http.Request) { r.Host = "evil.example" }, 401},
		{"basic credentials", "/_millrace/debug/pprof/", far, func(r *http.Request) { r.SetBasicAuth("AKID", "secret") }, 204},
		{"wrong basic credentials", "/_millrace/debug/pprof/", far, func(r *http.Request) { r.SetBasicAuth("AKID", "x") }, 401},
		{"signed elsewhere than now", "/_millrace/metrics", far, func(r *http.Request) { sign(r, "x") }, 401},
		{"signed", "/_millrace/metrics", far, func(r *http.Request) { r.URL.Host = r.Host; sign(r, "") }, 204},
	} {
		if w := internal(s, c.path, c.from, c.change); w.status != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.status, c.status)
		}
	}
}

func TestCrossOriginOnlyWhereConfigured(t *testing.T) {
	for _, c := range []struct{ configured, origin, want string }{
		{"", "https://a.example", ""},
		{"https://a.example", "https://a.example", "https://a.example"},
		{"https://a.example", "https://b.example", ""},
		{"*", "https://b.example", "*"},
		{"*", "", ""},
	} {
		s, _ := newServer(t, &streams{}, func(o *Options) { o.CORSOrigin = c.configured })
		for _, method := range []string{"POST", "OPTIONS"} {
			w := internal(s, "/", "192.0.2.1:1", func(r *http.Request) {
				r.Method = method
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
				r.Header.Set("Access-Control-Request-Headers", "x-amz-target")
			})
			if got := w.h.Get("Access-Control-Allow-Origin"); got != c.want {
				t.Errorf("%s: %+v: %q", method, c, got)
			}
			preflight := method == "OPTIONS" && c.want != ""
			if got := w.h.Get("Access-Control-Allow-Headers"); (got == "x-amz-target") != preflight || (w.status == 200) != preflight {
				t.Errorf("%s: %+v: %d, headers %q", method, c, w.status, got)
			}
		}
	}
}
