package sqs

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	// Metrics receives counts per queue. Default: none.
	Metrics Metrics

	// Cooldown is how long the name of a deleted queue cannot be used, and how long
	// a queue is not purged again. AWS: 60 s. 0: neither rule holds.
	Cooldown time.Duration
	// InFlight bounds the messages in flight of a queue. Default: 120,000, as on AWS.
	InFlight int64
	// SweepInterval is how often expired messages are looked for. Default 10 s.
	SweepInterval time.Duration
}

// Service serves SQS for all accounts and regions.
type Service struct {
	o      Options
	clock  *clock.Steady
	tokens *token.Sealer
	work   *work.Group
	ids    messageIDs
	names  nameLocks
	mover  *mover

	met atomic.Bool // every queue is known; of sweep

	mu     sync.Mutex
	queues map[queueKey]*queue
	gone   map[queueKey]int64 // when the rows of deleted queues went, ms; of reap
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
	if o.InFlight == 0 {
		o.InFlight = 120_000
	}
	if o.SweepInterval == 0 {
		o.SweepInterval = 10 * time.Second
	}
	s := &Service{o: o, queues: make(map[queueKey]*queue), gone: make(map[queueKey]int64), names: nameLocks{seed: maphash.MakeSeed()}}
	var err error
	if s.tokens, err = token.Open(ctx, o.Store, root); err != nil {
		return nil, fmt.Errorf("sqs: %w", err)
	}
	if s.clock, err = steady.Open(ctx, o.Store.Partition(root), o.Clock); err != nil {
		return nil, fmt.Errorf("sqs: %w", err)
	}
	s.work = work.NewGroup(o.Clock)
	s.mover = newMover(s)
	if err := s.reconcile(ctx); err != nil {
		return nil, fmt.Errorf("sqs: resume: %w", err)
	}
	s.work.Go(s.mover.resume)
	s.work.Every(o.SweepInterval, s.sweep)
	return s, nil
}

// Close stops everything that the service does by itself and waits for it.
// Receives that wait end.
func (s *Service) Close() error {
	s.work.Close()
	return nil
}

// now is the time of the queues in milliseconds since 1970. It never runs back.
func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

// queue returns the handle of a queue, which may not exist: update tells.
func (s *Service) queue(key queueKey) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[key]; q != nil {
		return q
	}
	// The key may alias a request.
	key = queueKey{strings.Clone(key.account), strings.Clone(key.region), strings.Clone(key.name)}
	return &queue{svc: s, key: key, part: s.o.Store.Partition(key.partition())}
}

// keep makes q the one handle of its queue while that is there, and reports
// whether it is. Whoever waits for messages waits at that handle.
func (s *Service) keep(q *queue) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.key] == nil {
		s.queues[q.key] = q
	}
	return s.queues[q.key] == q
}

// forget drops the handle of a queue that is gone.
func (s *Service) forget(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.key] == q {
		delete(s.queues, q.key)
	}
}

// all returns the queues in memory, in no order.
func (s *Service) all() []*queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*queue, 0, len(s.queues))
	for _, q := range s.queues {
		out = append(out, q)
	}
	return out
}
