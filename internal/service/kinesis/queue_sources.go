package kinesis

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/store"
)

// sources are the shards of a stream as a queue finds them at one look, with
// their logs open.
type sources struct {
	st     *streamState
	shards []source // by index
}

type source struct {
	index uint32
	log   store.Log
}

// has reports whether the stream has a shard, or may get it later: a look can be
// older than what the queue knows.
func (l *sources) has(index uint32) bool {
	return index >= l.st.NextShard || l.st.shard(index) != nil
}

// look returns the shards of the queue's stream.
func (q *queue) look(ctx context.Context) (*sources, error) {
	for {
		st, err := q.stream.load(ctx)
		if err != nil {
			return nil, err
		}
		if st == nil {
			return nil, queueNotFound(q.key)
		}
		if l := q.sources.Load(); l != nil && l.st == st {
			return l, nil
		}
		l := &sources{st: st, shards: make([]source, len(st.shards))}
		for i, sh := range st.shards {
			log, err := sh.runtime.log(ctx)
			if isNotFound(err) && st.version != q.stream.part.Version() {
				l = nil // trimming dropped the shard meanwhile
				break
			}
			if err != nil {
				return nil, err
			}
			l.shards[i] = source{sh.Index, log}
		}
		if l != nil {
			q.sources.Store(l)
			return l, nil
		}
	}
}

// addQueue makes a queue be told of new records. Service.mu is held.
func (h *stream) addQueue(q *queue) {
	var all []*queue
	if p := h.queues.Load(); p != nil {
		all = slices.Clone(*p)
	}
	all = append(all, q)
	h.queues.Store(&all)
}

// removeQueue reverses addQueue. Service.mu is held.
func (h *stream) removeQueue(q *queue) {
	p := h.queues.Load()
	if p == nil {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(*p), func(o *queue) bool { return o == q })
	if len(rest) == 0 {
		h.queues.Store(nil)
		return
	}
	h.queues.Store(&rest)
}

// arrived tells the stream's queues that records were stored.
func (h *stream) arrived() {
	p := h.queues.Load()
	if p == nil {
		return
	}
	for _, q := range *p {
		q.arrivals.Add(1)
		q.waitLive.Wake()
	}
}
