package api

import "context"

// Principal is who makes a call.
type Principal struct {
	Account     string // 12 digits
	ARN         string // arn:aws:iam::000000000000:root
	AccessKeyID string
	Root        bool // the account's root: everything in its account
	Anonymous   bool // nobody signed
}

// HTTP is what a service may have to know of the request that carries a call.
// The strings are as they were sent, and nothing in them is verified but what the
// signature covers: the host and the path.
type HTTP struct {
	Protocol   Protocol
	TLS        bool
	Host       string // by which the caller reached the server, with the port if it named one
	Path       string // still escaped
	RemoteAddr string // of the peer, with its port
	TraceID    string // X-Amzn-Trace-Id
}

// Carrier is the request that carries a call, while the call runs.
type Carrier interface {
	// HTTP returns what the request says.
	HTTP() HTTP
	// Reserve takes n bytes for the answer, and reports false where they do not come
	// free in time.
	Reserve(ctx context.Context, n int64) bool
}

// Call is what is known of one call beside its input. Its fields are immutable
// once the service sees it.
type Call struct {
	RequestID string
	Operation *Operation
	Principal *Principal
	Account   string // the account whose resources a name means
	Region    string // of the signature; empty where nobody signed
	// Carrier is what brought the call; nil for calls that came by other ways than
	// HTTP, for which memory is not shared out. Use HTTP and Reserve.
	Carrier Carrier

	after []func()
}

// HTTP returns what the call's request says; zero where there was none. It may be
// asked while the call runs.
func (c *Call) HTTP() HTTP {
	if c.Carrier == nil {
		return HTTP{}
	}
	return c.Carrier.HTTP()
}

// Reserve asks for the memory of an answer that will be large, before anything is
// done for it. Where it reports false the operation answers by throttling. What
// was reserved is free again when the answer is written.
func (c *Call) Reserve(ctx context.Context, n int64) bool {
	return c.Carrier == nil || c.Carrier.Reserve(ctx, n)
}

// AfterResponse registers f to run once the answer is written and nothing
// refers to the output any more: memory that the output aliases goes back to its
// pool there. It is called by the call's own goroutine only.
func (c *Call) AfterResponse(f func()) { c.after = append(c.after, f) }

// Done runs what AfterResponse registered. Whoever made the call calls it last.
func (c *Call) Done() {
	for _, f := range c.after {
		f()
	}
	c.after = nil
}

type callKey struct{}

// WithCall returns a context that carries the call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call that the context carries. It panics where there is
// none: a service is only ever called through the edge or the loopback.
func CallOf(ctx context.Context) *Call { return ctx.Value(callKey{}).(*Call) }
