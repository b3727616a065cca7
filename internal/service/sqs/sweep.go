package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/steady"
)

// sweepBatch is how many expired messages one transaction removes.
const sweepBatch = 1000

// sweep removes the messages that are past the retention of their queues, unless
// the store suspects the clock to be ahead: its health says so then.
func (s *Service) sweep(ctx context.Context) {
	if err := steady.Save(ctx, s.o.Store.Partition(root), s.clock.Now()); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("the time could not be stored; the next round tries again", "error", err)
	}
	if err := s.reap(ctx); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("names of deleted queues could not be removed; the next round tries again", "error", err)
	}
	if !s.o.Store.TrimAllowed() {
		return
	}
	if !s.met.Load() {
		if err := s.meet(ctx); err != nil {
			s.o.Logger.Warn("the queues could not be listed; the next round tries again", "error", err)
		}
	}
	for _, q := range s.all() {
		if q.empty() {
			continue
		}
		if err := q.expire(store.Freeing(ctx)); err != nil && !errors.Is(err, errNoQueue) && ctx.Err() == nil {
			s.o.Logger.Warn("expired messages of a queue could not be removed; the next round tries again", "queue", q.key.arn(), "error", err)
		}
	}
}

// meet makes every queue known that nobody used since the start. Only sweep
// calls it, once.
func (s *Service) meet(ctx context.Context) error {
	err := s.registries(ctx, func(reg queueKey) error {
		return s.registry(reg.account, reg.region).names(ctx, "", "", func(r *registryRow) bool {
			_, err := s.describe(ctx, queueKey{reg.account, reg.region, r.Name})
			if err != nil && !errors.Is(err, errNoQueue) && ctx.Err() == nil {
				s.o.Logger.Warn("a queue could not be read", "queue", queueKey{reg.account, reg.region, r.Name}.arn(), "error", err)
			}
			return ctx.Err() == nil
		})
	})
	s.met.Store(err == nil)
	return err
}

// expire removes the queue's expired messages.
func (q *queue) expire(ctx context.Context) error {
	for {
		n := 0
		err := q.update(ctx, func(tx store.Tx, m *memory) (err error) {
			n, err = m.order.expire(tx, q.svc.now(), m.horizon(q.svc), sweepBatch)
			return err
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// horizon is the time, in ms, before which the queue's messages have expired.
// While the clock is suspected to be ahead nothing has.
func (m *memory) horizon(s *Service) int64 {
	now := s.now() // first: a time that the store has not judged is not to be used
	if !s.o.Store.TrimAllowed() {
		return 0
	}
	return now - int64(m.desc.Attributes.RetentionPeriod)*1000
}

// empty reports whether the queue is known to hold no message.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.mem != nil && q.mem.meta.Messages == 0
}
