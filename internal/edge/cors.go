package edge

import "net/http"

// exposedHeaders are what a page may read of an answer (reference
// kinesis-streams §2.2).
const exposedHeaders = "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date"

// allowedOrigin returns what Access-Control-Allow-Origin says; empty where the
// request is not from a page, or from one that may not read.
func (s *Server) allowedOrigin(r *http.Request) string {
	origin := first(r.Header, "Origin")
	if origin == "" || s.o.CORSOrigin == "" || s.o.CORSOrigin != "*" && s.o.CORSOrigin != origin {
		return ""
	}
	return s.o.CORSOrigin
}

// setCORS lets the configured origin's pages read the answer.
func (s *Server) setCORS(h http.Header, r *http.Request) {
	origin := s.allowedOrigin(r)
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	if origin != "*" {
		h.Add("Vary", "Origin")
	}
}

// servePreflight answers a browser's question whether a page may make a request.
func (s *Server) servePreflight(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodOptions || s.allowedOrigin(r) == "" {
		return false
	}
	h := w.Header()
	for ask, answer := range map[string]string{
		"Access-Control-Request-Headers": "Access-Control-Allow-Headers",
		"Access-Control-Request-Method":  "Access-Control-Allow-Methods",
	} {
		if v := first(r.Header, ask); v != "" {
			h.Set(answer, v)
		}
	}
	h.Set("Access-Control-Max-Age", "172800")
	h.Set("Content-Length", "0")
	h["x-amzn-RequestId"] = []string{newRequestID()}
	w.WriteHeader(http.StatusOK)
	return true
}
