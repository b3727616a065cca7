package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Parse reads what the request claims into s, which is zero. The error is an
// *api.Error: of ErrMissingAuthentication where nobody signed. What could be read
// is in s even then, so that a request can be routed by its scope.
func Parse(r *Request, s *Signature) error {
	header := first(r.Header, "Authorization")
	inQuery := strings.Contains(r.Query, "X-Amz-Algorithm=")
	s.PayloadHash = first(r.Header, "X-Amz-Content-Sha256")
	switch {
	case header != "" && inQuery:
		_ = parseHeader(r, s, header)
		return api.ErrInvalidSignature.New(bothText)
	case header != "":
		return parseHeader(r, s, header)
	case inQuery:
		s.Presigned = true
		return parseQuery(r, s)
	}
	return errMissing()
}

func parseHeader(r *Request, s *Signature, header string) error {
	algorithm, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.HasPrefix(algorithm, "AWS4-") {
		return errMissing()
	}
	if algorithm != Algorithm {
		return errAlgorithm(algorithm)
	}
	var credential string
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			s.SignedHeaders = value
		case "Signature":
			s.Signature = value
		}
	}
	s.Token = first(r.Header, "X-Amz-Security-Token")
	err := parseCredential(credential, s)
	s.Timestamp = first(r.Header, "X-Amz-Date")
	if s.Timestamp == "" {
		if date, e := http.ParseTime(first(r.Header, "Date")); e == nil {
			s.Timestamp = FormatTime(date)
		}
	}
	if s.AccessKeyID == "" && credential == "" || s.Signature == "" || s.SignedHeaders == "" || s.Timestamp == "" {
		return errIncompleteHeader(s, header)
	}
	if err != nil {
		return err
	}
	return parseDate(s)
}

func parseQuery(r *Request, s *Signature) error {
	var credential, expires, algorithm string
	for q := r.Query; q != ""; {
		var part string
		part, q, _ = strings.Cut(q, "&")
		name, value, _ := strings.Cut(part, "=")
		var to *string
		switch name {
		case "X-Amz-Algorithm":
			to = &algorithm
		case "X-Amz-Credential":
			to = &credential
		case "X-Amz-SignedHeaders":
			to = &s.SignedHeaders
		case "X-Amz-Signature":
			to = &s.Signature
		case "X-Amz-Date":
			to = &s.Timestamp
		case "X-Amz-Expires":
			to = &expires
		case "X-Amz-Security-Token":
			to = &s.Token
		case "X-Amz-Content-Sha256":
			to = &s.PayloadHash
		default:
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			*to = v
		}
	}
	err := parseCredential(credential, s)
	if algorithm != Algorithm {
		return errAlgorithm(algorithm)
	}
	if s.AccessKeyID == "" && credential == "" || s.Signature == "" || s.SignedHeaders == "" || s.Timestamp == "" {
		return errIncompleteQuery(s)
	}
	if err != nil {
		return err
	}
	if err := parseDate(s); err != nil {
		return err
	}
	s.Expires = Skew
	if expires != "" {
		n, err := strconv.Atoi(expires)
		switch {
		case err != nil:
			return api.ErrIncompleteSignature.New("X-Amz-Expires should be a number")
		case n < 0:
			return api.ErrIncompleteSignature.New("X-Amz-Expires must be non-negative")
		case n > int(MaxExpires/time.Second):
			return api.ErrIncompleteSignature.New("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
		}
		s.Expires = time.Duration(n) * time.Second
	}
	return nil
}

// parseCredential reads keyid/date/region/service/aws4_request. A key id may
// hold slashes itself, so the four last elements count.
func parseCredential(credential string, s *Signature) error {
	rest, end, ok := cutLast(credential)
	if ok {
		rest, s.Scope.Service, ok = cutLast(rest)
	}
	if ok {
		rest, s.Scope.Region, ok = cutLast(rest)
	}
	if ok {
		s.AccessKeyID, s.Scope.Date, ok = cutLast(rest)
	}
	switch {
	case !ok:
		s.Scope = Scope{}
		return &api.Error{Shape: api.ErrIncompleteSignature, Message: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + credential + "'"}
	case end != terminator:
		return &api.Error{Shape: api.ErrInvalidSignature, Message: "Credential should be scoped with a valid terminator: 'aws4_request', not '" + end + "'."}
	}
	return nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// parseDate reads the timestamp and compares it with the scope's date.
func parseDate(s *Signature) error {
	t, ok := parseTime(s.Timestamp)
	if !ok {
		return &api.Error{Shape: api.ErrIncompleteSignature, Message: "Date must be in ISO-8601 'basic format'. Got '" + s.Timestamp + "'. See http://en.wikipedia.org/wiki/ISO_8601"}
	}
	s.Time = t
	if day := s.Timestamp[:8]; day != s.Scope.Date {
		return &api.Error{Shape: api.ErrInvalidSignature, Message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			s.Scope.Date + "' != '" + day + "', from '" + s.Timestamp + "'."}
	}
	return nil
}

func errAlgorithm(algorithm string) error {
	return &api.Error{Shape: api.ErrIncompleteSignature, Message: "Unsupported AWS 'algorithm': '" + algorithm + "'."}
}

// first returns the first value of a header whose name is in canonical form.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
