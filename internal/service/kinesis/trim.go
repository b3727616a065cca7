package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// horizon is the time before which the stream's records have expired. While the
// clock is suspected to be ahead nothing has.
func (s *Service) horizon(st *streamState) time.Time {
	now := s.o.Clock.Now() // first: a time that the store has not judged is not to be used
	if !s.o.Store.TrimAllowed() {
		return time.Time{}
	}
	return now.Add(-st.retention(s.o.Hour))
}

// trimAll forgets the expired records of all streams, unless the clock is
// suspected to be ahead: the store's health says so then.
func (s *Service) trimAll(ctx context.Context) {
	if !s.o.Store.TrimAllowed() {
		return
	}
	for _, h := range s.all() {
		if err := h.trim(store.Freeing(ctx)); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("expired records of a stream could not be removed; the next round tries again", "stream", h.key.arn(), "error", err)
		}
	}
}

// trim forgets the records of the stream that are past its retention, and the
// closed shards that have been empty and closed for as long.
func (h *stream) trim(ctx context.Context) error {
	st, err := h.load(ctx)
	if err != nil || st == nil {
		return err
	}
	horizon := h.svc.horizon(st)
	var failed error
	var expired []*shard
	for _, sh := range st.shards {
		if !sh.open() && sh.Closed.Before(horizon) {
			expired = append(expired, sh)
			continue
		}
		if err := sh.trim(ctx, horizon); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if len(expired) > 0 {
		failed = errors.Join(failed, h.dropShards(ctx, expired))
	}
	return failed
}

func (sh *shard) trim(ctx context.Context, horizon time.Time) error {
	log, err := sh.runtime.log(ctx)
	if err != nil {
		return err
	}
	if state := log.State(); state.First == state.Next {
		return nil
	}
	before, err := log.Seek(ctx, horizon)
	if err != nil || before <= log.State().First {
		return err
	}
	return log.Trim(ctx, before)
}

// dropShards removes closed shards from the stream, and then their logs. What a
// crash leaves between the two, the next start drops.
func (h *stream) dropShards(ctx context.Context, expired []*shard) error {
	err := h.commit(ctx, func(tx store.Tx, st *streamState) error {
		for _, sh := range expired {
			tx.Delete(shardKey(sh.Index))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sh := range expired {
		log, err := h.svc.o.Store.OpenLog(ctx, sh.runtime.logName)
		if err == nil {
			err = log.Drop(ctx)
		}
		if err != nil && !isNotFound(err) {
			return err
		}
	}
	return nil
}
