package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/authn"
	"github.com/millrace/millrace/internal/authz"
	"github.com/millrace/millrace/internal/base/clock"
)

// Options configures a Server. Auth, Authorizer, Clock and Logger are needed.
type Options struct {
	// Services are all services that are recognised; Handlers the operations that
	// are built, whose services must be among them.
	Services []*api.Service
	Handlers []api.Handler

	Auth       *authn.Authenticator
	Authorizer authz.Authorizer
	Clock      clock.Clock
	Logger     *slog.Logger
	Observer   Observer // nil: nobody watches

	// CORSOrigin is the one origin whose pages may read answers, "*" for all;
	// empty for none.
	CORSOrigin string
	// Memory bounds the bytes of bodies and answers in flight. Default 128 MiB.
	Memory int64
	// MaxBody is the longest body in bytes. Default 16 MiB, since 10 MiB of
	// records are up to 15 MiB in JSON (reference kinesis-streams §2.1).
	MaxBody int64
	// MaxStreams is how many HTTP/2 streams one connection may have open. Default
	// 4096: a consumer holds one for each shard that it subscribes to.
	MaxStreams int

	// Version is what /_millrace/version answers.
	Version string
	// Ready says why the server takes no requests yet; nil: it always does.
	Ready func() error
	// Health says what is wrong with the server; nil: nothing ever is.
	Health func() error
	// Explain returns what a caller may know of an error that is the server's own
	// fault, "" where that is nothing; nil: nothing ever is.
	Explain func(error) string
	// Admin serves what is under /_millrace/ beside health, ready and version. It
	// is reached from loopback, or with the credentials of an account.
	Admin http.Handler
}

// Server serves the APIs over HTTP. It is an http.Handler; Serve runs it.
type Server struct {
	o     Options
	table *table
	// Answers that nobody takes must not keep bodies from arriving, so each has half
	// of the memory.
	bodies, answers *budget
	pace            pace
	pool            sync.Pool // *exchange

	draining  atomic.Bool
	streams   context.Context // ends when draining begins
	endStream context.CancelCauseFunc
	calls     context.Context // ends when draining has waited long enough
	endCalls  context.CancelCauseFunc

	mu      sync.Mutex
	servers []*http.Server
}

// errDraining is why a call or stream ends when the server stops.
var errDraining = errors.New("the server is shutting down")

// New returns a Server. It fails where the tables contradict each other.
func New(o Options) (*Server, error) {
	if o.Memory == 0 {
		o.Memory = 128 << 20
	}
	if o.MaxBody == 0 {
		o.MaxBody = 16 << 20
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = 4096
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	t, err := newTable(o.Services, o.Handlers)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, table: t, bodies: newBudget(o.Memory/2, small, o.Clock), answers: newBudget(o.Memory/2, small, o.Clock), pace: standardPace}
	s.streams, s.endStream = context.WithCancelCause(context.Background())
	s.calls, s.endCalls = context.WithCancelCause(context.Background())
	return s, nil
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.serveInternal(w, r) {
		return
	}
	s.setCORS(w.Header(), r)
	if s.servePreflight(w, r) {
		return
	}
	x, _ := s.pool.Get().(*exchange)
	if x == nil {
		x = new(exchange)
	}
	*x = exchange{server: s, w: w, r: r, start: time.Now()}
	if x.serve() {
		*x = exchange{}
		s.pool.Put(x)
	}
}
