package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/base/work"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/steady"
	"github.com/millrace/millrace/internal/token"
)

// Options configures a Service.
type Options struct {
	Store  store.Store
	Clock  clock.Clock  // default clock.Real
	Logger *slog.Logger // default: discard
	// Metrics receives counts per stream and shard. Default: none.
	Metrics Metrics

	// TransitionDelay is how long CREATING, UPDATING and DELETING last. 0: they
	// are over before the answer.
	TransitionDelay time.Duration
	// ShardLimits scales the capacity of a shard: 1 is AWS's, 0 is no limit.
	ShardLimits float64
	// APILimits makes the API's own rates and daily counts hold, as on AWS.
	APILimits bool
	// ShardQuota is how many open shards an account may have in a region. 0: any
	// number.
	ShardQuota int
	// QueueInFlight bounds the records in flight of a queue. Default: 120,000, as on
	// AWS.
	QueueInFlight int64
	// Hour is the unit of a stream's retention. Default time.Hour; tests shorten it.
	Hour time.Duration
	// TrimInterval is how often expired records are looked for. Default a minute.
	TrimInterval time.Duration
}

// Service serves Kinesis Data Streams for all accounts and regions.
type Service struct {
	o      Options
	steady *clock.Steady // the time of leases
	tokens *token.Sealer
	work   *work.Group // everything that runs on behalf of no request

	mu      sync.Mutex
	streams map[streamKey]*stream
	queues  map[queueKey]*queue
}

// New returns a service on a store, having resumed what an earlier run left
// half done. Close ends it; the store stays open.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	if o.Hour == 0 {
		o.Hour = time.Hour
	}
	if o.QueueInFlight == 0 {
		o.QueueInFlight = 120_000
	}
	if o.TrimInterval == 0 {
		o.TrimInterval = time.Minute
	}
	s := &Service{o: o, work: work.NewGroup(o.Clock), streams: make(map[streamKey]*stream), queues: make(map[queueKey]*queue)}
	var err error
	if s.tokens, err = token.Open(ctx, o.Store, root); err != nil {
		return nil, fmt.Errorf("kinesis: %w", err)
	}
	if s.steady, err = steady.Open(ctx, o.Store.Partition(root), o.Clock); err != nil {
		return nil, fmt.Errorf("kinesis: read the time: %w", err)
	}
	if err := s.reconcile(ctx); err != nil {
		return nil, fmt.Errorf("kinesis: resume: %w", err)
	}
	if err := s.reconcileQueues(ctx); err != nil {
		return nil, fmt.Errorf("kinesis: resume: %w", err)
	}
	s.work.Every(s.o.TrimInterval, func(ctx context.Context) {
		s.trimAll(ctx)
		s.sweepQueues(ctx)
	})
	s.work.Every(scaleInterval, s.scaleAll)
	return s, nil
}

// Close stops everything that the service does by itself and waits for it.
func (s *Service) Close() error {
	s.work.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		st.transitions.disarm()
	}
	for _, q := range s.queues {
		q.transitions.disarm()
		q.waitLive.WakeNever()
		q.waitDead.WakeNever()
	}
	return nil
}

// stream returns the stream of that name with its state, or nils where there is
// none.
func (s *Service) stream(ctx context.Context, key streamKey) (*stream, *streamState, error) {
	s.mu.Lock()
	h := s.streams[key]
	s.mu.Unlock()
	if h == nil {
		h = newStream(s, key)
	}
	st, err := h.load(ctx)
	if err != nil || st == nil {
		return nil, nil, err
	}
	return h, st, nil
}

// keep makes h the one handle of its stream, or returns the one that is.
func (s *Service) keep(h *stream) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.streams[h.key]; other != nil {
		return other
	}
	s.streams[h.key] = h
	return h
}

// forget drops the handle of a stream that is gone.
func (s *Service) forget(h *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[h.key] == h {
		delete(s.streams, h.key)
	}
}

// all returns the streams that are known, in no order.
func (s *Service) all() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*stream, 0, len(s.streams))
	for _, h := range s.streams {
		out = append(out, h)
	}
	return out
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

func isCode(err error, shape *api.ErrorShape) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Shape == shape
}
