package httpbind

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// Router finds the operation that a REST request means. It is immutable and safe
// for concurrent use.
type Router struct {
	// routes by method and first segment of the path; those that begin with a
	// label stand under the method alone.
	routes map[string][]*route
}

// route is the parsed path template of an operation.
type route struct {
	op       *api.Operation
	segments []segment
	query    []constant
}

// segment is one part of a template between slashes.
type segment struct {
	text   string // the literal, or the label's name
	label  bool
	greedy bool // the label takes the slashes too
}

// constant is a query parameter that the template demands. An empty value
// stands for any.
type constant struct{ name, value string }

// NewRouter returns a router over the operations' path templates. Where two
// operations match a request equally well, the one that comes first wins, but one
// whose name begins with the other's name goes before it: models keep a
// deprecated form under the old, shorter name.
func NewRouter(ops []*api.Operation) *Router {
	r := &Router{routes: map[string][]*route{}}
	for _, op := range ops {
		rt := parseTemplate(op)
		key := op.Method
		if len(rt.segments) > 0 && !rt.segments[0].label {
			key += "/" + rt.segments[0].text
		}
		r.routes[key] = append(r.routes[key], rt)
	}
	return r
}

func parseTemplate(op *api.Operation) *route {
	rt := &route{op: op}
	path, query, _ := strings.Cut(op.URI, "?")
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, label := strings.CutPrefix(part, "{")
		s := segment{text: part}
		if label {
			name = strings.TrimSuffix(name, "}")
			s.text, s.greedy = strings.CutSuffix(name, "+")
			s.label = true
		}
		if part != "" {
			rt.segments = append(rt.segments, s)
		}
	}
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" {
			rt.query = append(rt.query, constant{name, value})
		}
	}
	return rt
}

// Match returns the operation that the request means and the labels of its path,
// unescaped; nil where there is none. path and query are escaped, as they were
// sent. The most specific template wins: literals go before labels, labels before
// greedy labels, more constant query parameters before fewer, and then the
// operation whose required query parameters and headers the request has. An
// x-id parameter, which SDKs send, decides between equals.
func (r *Router) Match(method, path, query string, header http.Header) (*api.Operation, map[string]string) {
	path = strings.TrimPrefix(path, "/")
	parts := strings.Split(path, "/")
	q := request{query: query, header: header}
	var best candidate
	for _, key := range [2]string{method + "/" + parts[0], method} {
		for _, rt := range r.routes[key] {
			c, ok := rt.match(parts, q)
			if ok && (best.route == nil || c.better(best)) {
				best = c
			}
		}
	}
	if best.route == nil {
		return nil, nil
	}
	return best.route.op, best.route.labels(parts)
}

// request is what decides between routes beside the path.
type request struct {
	query  string
	header http.Header
}

// has reports whether the query has the parameter, with the value where that is
// not empty.
func (r request) has(name, value string) bool {
	for part := range strings.SplitSeq(r.query, "&") {
		n, v, _ := strings.Cut(part, "=")
		if unescape(n) == name && (value == "" || unescape(v) == value) {
			return true
		}
	}
	return false
}

// candidate is a route that matches, with what makes it better than others.
type candidate struct {
	route    *route
	slash    bool // the path has a slash at its end that the template has not
	consts   int
	missing  int // required parameters and headers that the request lacks
	required int // those that it has
	named    bool
}

// better reports whether c goes before d, which was found earlier.
func (c candidate) better(d candidate) bool {
	switch order := c.route.compare(d.route); {
	case c.slash != d.slash:
		return d.slash
	case order != 0:
		return order > 0
	case c.consts != d.consts:
		return c.consts > d.consts
	case (c.missing == 0) != (d.missing == 0):
		return c.missing == 0
	case c.required != d.required:
		return c.required > d.required
	case c.named != d.named:
		return c.named
	}
	return strings.HasPrefix(c.route.op.Name, d.route.op.Name)
}

// compare returns a positive number where the path of rt is more specific than
// that of other at the first segment in which they differ.
func (rt *route) compare(other *route) int {
	for i := range min(len(rt.segments), len(other.segments)) {
		if d := rt.segments[i].rank() - other.segments[i].rank(); d != 0 {
			return d
		}
	}
	return len(rt.segments) - len(other.segments)
}

func (s segment) rank() int {
	switch {
	case s.greedy:
		return 0
	case s.label:
		return 1
	}
	return 2
}

func (rt *route) match(parts []string, q request) (candidate, bool) {
	c := candidate{route: rt}
	if !rt.matchPath(parts) {
		last := len(parts) - 1
		if last < 0 || parts[last] != "" || !rt.matchPath(parts[:last]) {
			return c, false
		}
		c.slash = last > 0
	}
	for _, k := range rt.query {
		if !q.has(k.name, k.value) {
			return c, false
		}
	}
	c.consts = len(rt.query)
	c.named = q.has("x-id", rt.op.Name)
	for _, b := range rt.op.Required {
		if b.Location == api.InQuery && q.has(b.Name, "") || b.Location == api.InHeader && q.header.Get(b.Name) != "" {
			c.required++
		} else {
			c.missing++
		}
	}
	return c, true
}

// matchPath reports whether the parts of a path fit the template. A label is
// never empty; a greedy one takes as much as the template's rest leaves.
func (rt *route) matchPath(parts []string) bool {
	for i, s := range rt.segments {
		if s.greedy {
			rest := len(rt.segments) - i - 1
			if n := len(parts) - i - rest; n < 1 || n == 1 && parts[i] == "" {
				return false
			}
			tail := &route{segments: rt.segments[i+1:]}
			return tail.matchPath(parts[len(parts)-rest:])
		}
		if i >= len(parts) || s.label && parts[i] == "" || !s.label && parts[i] != s.text && unescape(parts[i]) != s.text {
			return false
		}
	}
	return len(parts) == len(rt.segments)
}

// labels cuts the labels out of a path that matched.
func (rt *route) labels(parts []string) map[string]string {
	var labels map[string]string
	for i, s := range rt.segments {
		if !s.label {
			continue
		}
		value := parts[i]
		if s.greedy {
			rest := len(rt.segments) - i - 1
			value = strings.Join(parts[i:len(parts)-rest], "/")
			parts = append(parts[:i+1:i+1], parts[len(parts)-rest:]...)
		}
		if labels == nil {
			labels = make(map[string]string, 2)
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		labels[s.text] = value
	}
	return labels
}

// unescape undoes the escapes of a query or path part; what is not well escaped
// stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
