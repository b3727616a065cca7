package kinesis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
	"github.com/millrace/millrace/internal/store/steady"
)

// A queue is made in three commits: its name in the registry, its link in the
// stream, its own rows. It goes in the order of registry (marked), stream, rows,
// registry. Each step can be repeated, and reconcileQueues goes on where a crash
// came between two.

// queueLink is a queue in its stream's partition.
type queueLink struct {
	ID string `json:"id"`
}

// linkQueue writes a queue into its stream, unless check refuses.
func (s *Service) linkQueue(ctx context.Context, h *stream, id string, check func(st *streamState) error) error {
	return h.commit(ctx, func(tx store.Tx, st *streamState) error {
		if err := check(st); err != nil {
			return err
		}
		tx.Set(queueLinkKey(id), row.Encode(queueLink{id}))
		return nil
	})
}

// writeQueue writes a new queue's partition from its entry, unless it is there.
func (s *Service) writeQueue(ctx context.Context, key queueKey, e *queueEntry) error {
	return s.o.Store.Partition(key.partition()).Update(ctx, func(tx store.Tx) error {
		err := readQueue(tx, new(queueDescription))
		if !errors.Is(err, errNoQueue) {
			return err
		}
		tx.Set(descriptionKey, row.Encode(e.Initial))
		for _, from := range e.From {
			sh := newQueueShard(from.Shard, from.At, inflight.Counts{}, inflight.Counts{})
			tx.Set(queueShardKey(from.Shard), sh.encode())
		}
		(&queueMemory{changed: true}).commit(tx)
		return nil
	})
}

// advance carries out the transitions of the queue that are due.
func (q *queue) advance(ctx context.Context) error {
	removing := false
	err := q.update(ctx, func(tx store.Tx, m *queueMemory) error {
		d := *m.desc
		removing = false
		switch {
		case d.Due.IsZero() || d.Due.After(q.svc.o.Clock.Now()):
			return nil
		case d.Status == deleting:
			removing = true
			return nil
		case d.Change != nil:
			d.queueAttributes = *d.Change
		}
		d.Status, d.Due, d.Change = active, time.Time{}, nil
		m.set(tx, &d)
		return nil
	})
	if err != nil || !removing {
		return ignoreNoQueue(err)
	}
	reg := q.svc.queueRegistry(q.key.account, q.key.region)
	if err := reg.change(ctx, q.name, q.key.id, func(e *queueEntry) bool {
		e.Deleting = true
		return true
	}); err != nil {
		return err
	}
	fault.Point("kinesis.queue.delete.marked")
	if err := q.svc.removeQueue(ctx, q.key, q.name, q.stream.key); err != nil {
		return err
	}
	q.svc.forgetQueue(q)
	return nil
}

// ignoreNoQueue is for what is over where the queue is gone.
func ignoreNoQueue(err error) error {
	if isCode(err, kinesisapi.ErrResourceNotFoundException) {
		return nil
	}
	return err
}

// removeQueue removes a queue whose entry says that it is being deleted, and last
// that entry.
func (s *Service) removeQueue(ctx context.Context, key queueKey, name string, of streamKey) error {
	h, _, err := s.stream(ctx, of)
	if err != nil {
		return err
	}
	if h != nil {
		err := h.commit(ctx, func(tx store.Tx, _ *streamState) error {
			tx.Delete(queueLinkKey(key.id))
			return nil
		})
		if err != nil && !errors.Is(err, errStreamGone) {
			return err
		}
	}
	fault.Point("kinesis.queue.delete.link")
	if err := s.o.Store.Partition(key.partition()).Drop(ctx); err != nil {
		return err
	}
	fault.Point("kinesis.queue.delete.rows")
	return s.queueRegistry(key.account, key.region).remove(ctx, name, key.id)
}

// reconcileQueues completes what a crash left half done, and makes every queue
// known, so that its transitions go on.
func (s *Service) reconcileQueues(ctx context.Context) error {
	ctx = store.Freeing(ctx)
	names, err := s.o.Store.Partitions(ctx, queueRoot+"/")
	if err != nil {
		return err
	}
	for _, name := range names {
		parts := strings.Split(name, "/")
		if len(parts) < 3 || len(parts) > 4 {
			return fmt.Errorf("%w: partition %q is none of this service's", store.ErrCorrupt, name)
		}
		if len(parts) == 4 {
			continue // reached through its registry
		}
		reg := s.queueRegistry(parts[1], parts[2])
		all, err := reg.list(ctx)
		if err != nil {
			return fmt.Errorf("read registry %s: %w", name, err)
		}
		for _, e := range all {
			if err := s.reconcileQueue(ctx, reg.key(e), e); err != nil {
				return fmt.Errorf("queue %s: %w", reg.key(e).arn(), err)
			}
		}
	}
	return nil
}

func (s *Service) reconcileQueue(ctx context.Context, key queueKey, e *queueEntry) error {
	of := streamKey{key.account, key.region, e.Initial.Stream}
	if e.Deleting {
		return s.removeQueue(ctx, key, e.Name, of)
	}
	h, st, err := s.stream(ctx, of)
	if err != nil {
		return err
	}
	if st == nil || st.queue(key.id) == nil {
		// The creation that a crash cut short comes to its end if the stream still
		// takes the queue. Nobody was told of it.
		if st == nil || st.Status == deleting || !st.wanted().OnDemand || st.Incarnation != e.Initial.Incarnation {
			return s.queueRegistry(key.account, key.region).remove(ctx, e.Name, e.ID)
		}
		if err := s.linkQueue(ctx, h, key.id, func(*streamState) error { return nil }); err != nil {
			return err
		}
	}
	if err := s.writeQueue(ctx, key, e); err != nil {
		return err
	}
	q, err := s.queue(ctx, key)
	if err != nil {
		return err
	}
	return q.arm(ctx)
}

// makeQueueLater completes a creation that failed half done, as a start would:
// its name is reserved.
func (s *Service) makeQueueLater(key queueKey, e *queueEntry) {
	t := &transitions{svc: s, of: key.arn(), once: func(ctx context.Context) error {
		s.mu.Lock()
		made := s.queues[key] != nil
		s.mu.Unlock()
		reserved, err := s.queueRegistry(key.account, key.region).find(ctx, e.Name, e.ID)
		if err != nil || made || !reserved {
			return err
		}
		return s.reconcileQueue(ctx, key, e)
	}}
	t.arm(s.o.Clock.Now().Add(retryDelay))
}

// arm loads the queue, which sets the timer of what it has before it.
func (q *queue) arm(ctx context.Context) error {
	return q.update(ctx, func(store.Tx, *queueMemory) error { return nil })
}

// settleAtOnce carries out what a change of the queue began, where transitions
// take no time.
func (q *queue) settleAtOnce(ctx context.Context) {
	if q.svc.o.TransitionDelay == 0 {
		q.transitions.settle(ctx)
	}
}

// begin marks a description as changing: see Service.begin.
func (d *queueDescription) begin(s *Service, status string, change *queueAttributes) {
	d.Status, d.Due, d.Change = status, s.o.Clock.Now().Add(s.o.TransitionDelay), change
}

// sweepQueues removes from all queues what has left their streams, and stores the
// time of their leases.
func (s *Service) sweepQueues(ctx context.Context) {
	all := s.allQueues()
	if len(all) > 0 {
		if err := steady.Save(ctx, s.o.Store.Partition(root), s.steady.Now()); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("the time could not be stored; the next round tries again", "error", err)
		}
	}
	for _, q := range all {
		if err := ignoreNoQueue(q.sweep(store.Freeing(ctx))); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("expired records of a queue could not be removed; the next round tries again", "queue", q.key.arn(), "error", err)
		}
	}
}

// sweepBatch is how many items one transaction of the sweep removes.
const sweepBatch = 1000

func (q *queue) sweep(ctx context.Context) error {
	for {
		look, err := q.look(ctx)
		if err != nil {
			return err
		}
		n := 0
		err = q.update(ctx, func(tx store.Tx, m *queueMemory) (err error) {
			if err := m.follow(tx, look); err != nil {
				return err
			}
			n, err = m.expire(tx, look, sweepBatch)
			return err
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
