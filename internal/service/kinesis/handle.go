package kinesis

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// stream is the handle of one stream: its partition, the state that was read of
// it, and what is not worth storing.
type stream struct {
	svc  *Service
	key  streamKey
	part store.Partition

	state atomic.Pointer[streamState]

	loadMu   sync.Mutex
	runtimes map[logKey]*shardRuntime

	subs  subscriptions
	meter meter

	transitions transitions

	// queues are the handles of the stream's queues that were used: they are told
	// of new records. Nil for none.
	queues atomic.Pointer[[]*queue]
}

type logKey struct {
	incarnation uint64
	shard       uint32
}

func newStream(s *Service, key streamKey) *stream {
	h := &stream{svc: s, key: key, part: s.o.Store.Partition(key.partition()), runtimes: make(map[logKey]*shardRuntime)}
	h.transitions = transitions{svc: s, of: key.arn(), once: h.advance}
	return h
}

// load returns the stream's durable state, or nil where there is no stream.
func (h *stream) load(ctx context.Context) (*streamState, error) {
	if st := h.state.Load(); st != nil && st.version == h.part.Version() {
		return st, nil
	}
	h.loadMu.Lock()
	defer h.loadMu.Unlock()
	if st := h.state.Load(); st != nil && st.version == h.part.Version() {
		return st, nil
	}
	var st *streamState
	err := h.part.View(ctx, func(r store.Reader) (err error) {
		st, err = readStream(h.key, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if st == nil {
		h.state.Store(nil)
		h.svc.forget(h)
		return nil, nil
	}
	if kept := h.svc.keep(h); kept != h {
		return kept.load(ctx)
	}
	h.attach(st)
	h.state.Store(st)
	h.transitions.arm(st.due())
	return st, nil
}

// attach gives the shards of a state their runtimes, under loadMu.
func (h *stream) attach(st *streamState) {
	old := h.runtimes
	h.runtimes = make(map[logKey]*shardRuntime, len(st.shards))
	for _, sh := range st.shards {
		k := logKey{st.Incarnation, sh.Index}
		rt := old[k]
		if rt == nil {
			rt = newShardRuntime(h, sh.id, h.key.log(st.Incarnation, sh.Index))
		}
		h.runtimes[k], sh.runtime = rt, rt
	}
}

// update is commit on behalf of a request: where transitions take no time, the
// one that f began is over when it returns.
func (h *stream) update(ctx context.Context, f func(tx store.Tx, st *streamState) error) error {
	if err := h.commit(ctx, f); err != nil {
		return err
	}
	h.settleAtOnce(ctx)
	return nil
}

// commit changes the stream's rows in one commit. f gets the state that the
// transaction sees, which it must not change, and writes through the tx.
func (h *stream) commit(ctx context.Context, f func(tx store.Tx, st *streamState) error) error {
	err := h.part.Update(ctx, func(tx store.Tx) error {
		st, err := readStream(h.key, tx)
		if err != nil {
			return err
		}
		if st == nil {
			return errStreamGone
		}
		return f(tx, st)
	})
	if err != nil {
		return err
	}
	_, err = h.load(ctx) // arms the timer of what is now due
	return err
}

// waitChange waits until the stream's state differs from st, and returns the
// new one, or AWS's answer for a stream that is gone.
func (h *stream) waitChange(ctx context.Context, st *streamState) (*streamState, error) {
	for {
		changed := h.part.Changed()
		now, err := h.load(ctx)
		if err != nil {
			return nil, err
		}
		if now == nil {
			return nil, streamNotFound(st.key)
		}
		if now != st {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// due returns when the next transition of the state ends; zero for none.
func (st *streamState) due() time.Time {
	next := st.Due
	for _, c := range st.consumers {
		if !c.Due.IsZero() && (next.IsZero() || c.Due.Before(next)) {
			next = c.Due
		}
	}
	return next
}
