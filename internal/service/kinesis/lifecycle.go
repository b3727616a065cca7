package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// Status names of the API, as they are stored.
const (
	creating = "CREATING"
	active   = "ACTIVE"
	updating = "UPDATING"
	deleting = "DELETING"
)

// errStreamGone says that a stream's partition is empty.
var errStreamGone = errors.New("stream is gone")

// begin marks the description as changing: the change takes effect after the
// transition delay.
func (s *Service) begin(d *description, status string, c *change) {
	d.Status, d.Due, d.Change = status, s.o.Clock.Now().Add(s.o.TransitionDelay), c
}

// settleAtOnce carries out what the stream has before it, where transitions take
// no time.
func (h *stream) settleAtOnce(ctx context.Context) {
	if st := h.state.Load(); h.svc.o.TransitionDelay == 0 && st != nil && !st.due().IsZero() {
		h.transitions.settle(ctx)
	}
}

// advance carries out the transitions of the stream that are due.
func (h *stream) advance(ctx context.Context) error {
	st, err := h.load(ctx)
	if err != nil || st == nil {
		return err
	}
	now := h.svc.o.Clock.Now()
	if !st.Due.IsZero() && !st.Due.After(now) {
		switch {
		case st.Status == deleting:
			return h.svc.finishDeletion(ctx, h, st)
		case st.Change != nil && st.Change.Reshard != nil:
			if err := h.reshard(ctx, st); err != nil {
				return err
			}
		default:
			if err := h.commit(ctx, func(tx store.Tx, st *streamState) error { return settle(tx, st, now) }); err != nil {
				return err
			}
		}
	}
	if st, err = h.load(ctx); err != nil || st == nil {
		return err
	}
	for _, c := range st.consumers {
		if !c.Due.IsZero() && !c.Due.After(now) {
			return h.commit(ctx, func(tx store.Tx, st *streamState) error { return settleConsumers(tx, st, now) })
		}
	}
	h.transitions.arm(st.due())
	return nil
}

// settle ends a creation or an update of settings that is due.
func settle(tx store.Tx, st *streamState, now time.Time) error {
	d := st.description
	if d.Due.IsZero() || d.Due.After(now) || d.Status == deleting || d.Change != nil && d.Change.Reshard != nil {
		return nil
	}
	if d.Change != nil && d.Change.Settings != nil {
		d.settings = *d.Change.Settings
	}
	d.Status, d.Due, d.Change = active, time.Time{}, nil
	tx.Set(descriptionKey, row.Encode(d))
	return nil
}

// settleConsumers ends the registrations and deregistrations that are due.
func settleConsumers(tx store.Tx, st *streamState, now time.Time) error {
	for _, c := range st.consumers {
		switch {
		case c.Due.IsZero() || c.Due.After(now):
		case c.Status == deleting:
			tx.Delete(consumerKey(c.Name))
		default:
			settled := *c
			settled.Status, settled.Due = active, time.Time{}
			tx.Set(consumerKey(c.Name), row.Encode(settled))
		}
	}
	return nil
}

// finishDeletion removes everything of a stream. Each step can be repeated: a
// crash between two of them is mended by reconcile.
func (s *Service) finishDeletion(ctx context.Context, h *stream, st *streamState) error {
	last := st.Incarnation
	for _, sh := range st.shards {
		last = max(last, uint64(sh.Created))
	}
	// Consumers of the next stream of this name begin beyond those of this one.
	last = max(last, uint64(st.LastConsumer))
	for _, c := range st.consumers {
		last = max(last, uint64(c.CreatedAt.Unix()))
	}
	reg := s.registry(h.key.account, h.key.region)
	if err := reg.markDeleting(ctx, h.key.name, last); err != nil {
		return err
	}
	fault.Point("kinesis.delete.marked")
	return s.removeStream(ctx, h)
}

// removeStream drops the logs and rows of a stream whose registry row says that
// it is being deleted, and last that row.
func (s *Service) removeStream(ctx context.Context, h *stream) error {
	names, err := s.o.Store.Logs(ctx, h.key.partition()+"/")
	if err != nil {
		return err
	}
	for _, name := range names {
		log, err := s.o.Store.OpenLog(ctx, name)
		if err == nil {
			err = log.Drop(ctx)
		}
		if err != nil && !isNotFound(err) {
			return err
		}
		fault.Point("kinesis.delete.log")
	}
	if err := h.part.Drop(ctx); err != nil {
		return err
	}
	fault.Point("kinesis.delete.rows")
	if err := s.registry(h.key.account, h.key.region).bury(ctx, h.key.name); err != nil {
		return err
	}
	s.forget(h)
	s.o.Metrics.Forget(h.key.account, h.key.region, h.key.name)
	return nil
}
