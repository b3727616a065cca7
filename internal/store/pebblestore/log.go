package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// blockVersion begins every stored block: version, key id as a uvarint, records.
const blockVersion = 1

// log implements store.Log.
type log struct {
	s    *Store
	name string
	id   uint64 // under which blocks are added
	// parts are those before the one that grows. They do not change.
	parts []part

	// appendMu is held while a change is composed and queued, so that positions
	// and rows enter the write-ahead log in their order.
	appendMu sync.Mutex
	queued   tip    // the tip once everything that is queued is durable
	row      logRow // as last queued
	ended    error  // ErrSealed or ErrNotFound once a seal or drop is queued
	scratch  []byte // a sealed block on its way

	// mu guards what readers see, which is durable.
	mu      sync.Mutex
	first   store.Position
	base    uint64 // stored bytes that were trimmed
	tip     tip
	sealed  bool
	dropped bool
	// leaving is where the trim or drop that was begun last ends: the database shows
	// it before it is durable, so that what is missing below is no damage.
	leaving store.Position
	changed chan struct{} // made when someone asks
	// damaged holds where reads met damage. Pebble looks for the bit that flipped,
	// for seconds, each time that it meets some.
	damaged []*store.DamageError
	// starts holds, for positions within a block beside damage, where it starts.
	starts map[store.Position]store.Position
}

func newLog(s *Store, name string, row logRow, t tip) *log {
	l := &log{s: s, name: name, id: row.id, parts: row.ended, row: row, queued: t, tip: t, first: row.first, base: row.base, sealed: row.sealed}
	if row.sealed {
		l.ended = store.ErrSealed
	}
	return l
}

func (l *log) Name() string { return l.name }

func (l *log) wrap(action string, err error) error {
	return fmt.Errorf("%s log %s: %w", action, l.name, err)
}

// Append queues the block. It may wait for room in the committer.
func (l *log) Append(b *store.Block, done func(store.Appended, error)) {
	l.appendMu.Lock()
	err := l.append(b, done)
	l.appendMu.Unlock()
	if err != nil { // the store is closed, and its goroutines are gone
		go done(store.Appended{}, l.wrap("append to", err))
	}
}

// append queues the block, or its refusal, so that outcomes keep their order.
func (l *log) append(b *store.Block, done func(store.Appended, error)) error {
	refused := l.ended
	if refused == nil {
		refused = l.s.refuse()
	}
	e := entry{log: l, done: done}
	if refused != nil {
		e.err = l.wrap("append to", refused)
		return l.s.committer.enqueue(e, nil)
	}
	next := l.queued
	if b.Count() == 0 {
		e.result = store.Appended{First: next.next, Stamp: fromMillis(next.stamp)}
		e.tip = next
		return l.s.committer.enqueue(e, nil)
	}
	next.stamp = max(next.stamp, l.s.clock.Now().UnixMilli())
	if !b.NotBefore.IsZero() {
		next.stamp = max(next.stamp, b.NotBefore.UnixMilli())
	}
	key := blockKey{first: next.next, stamp: next.stamp, count: uint32(b.Count()), before: next.bytes}
	payload := b.Bytes()
	if b.Key != 0 {
		var err error
		l.scratch, err = l.s.keys.Seal(l.scratch[:0], b.Key, l.sealContext(key.first), payload)
		if err != nil {
			e.err = l.wrap("append to", err)
			return l.s.committer.enqueue(e, nil)
		}
		payload = l.scratch
	}
	var head [1 + binary.MaxVarintLen64]byte
	head[0] = blockVersion
	n := 1 + binary.PutUvarint(head[1:], uint64(b.Key))
	next.next = key.end()
	next.bytes += uint64(n + len(payload))
	e.result = store.Appended{First: key.first, Stamp: fromMillis(key.stamp)}
	e.tip = next
	if err := l.s.committer.enqueueBlock(e, key, head[:n], payload); err != nil {
		return err
	}
	l.queued = next
	return nil
}

// sealContext binds an encrypted block to its place.
func (l *log) sealContext(first store.Position) []byte {
	return appendPosition(make([]byte, 0, idPrefixLen+8), l.stretchAt(first).id, first)
}

// advance moves the durable tip and wakes who waits for it.
func (l *log) advance(t tip) {
	l.mu.Lock()
	l.tip = t
	l.wake()
	l.mu.Unlock()
}

// wake closes the channel that was handed out. l.mu is held.
func (l *log) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// commitRow queues a change of the log's row with what write adds, and waits.
// l.appendMu is held when it is called and released when it returns.
func (l *log) commitRow(write func(b *pebble.Batch)) error {
	result := make(chan error, 1)
	err := l.s.committer.enqueue(entry{wait: func(err error) { result <- err }}, write)
	l.appendMu.Unlock()
	if err != nil {
		return err
	}
	return <-result
}

// Seal ends the log.
func (l *log) Seal(ctx context.Context) (store.Position, error) {
	if err := l.s.enter(); err != nil {
		return 0, l.wrap("seal", err)
	}
	defer l.s.leave()
	l.appendMu.Lock()
	if l.ended == store.ErrNotFound {
		l.appendMu.Unlock()
		return 0, l.wrap("seal", store.ErrNotFound)
	}
	end := l.queued
	l.ended = store.ErrSealed
	l.row.sealed, l.row.tip = true, end
	row := l.row.encode()
	// A second seal commits the row again: it must not return before the first
	// one is durable either.
	err := l.commitRow(func(b *pebble.Batch) { mustSet(b, nameKey(kindLogName, l.name), row) })
	if err != nil {
		return 0, l.wrap("seal", err)
	}
	l.mu.Lock()
	if !l.sealed {
		l.sealed = true
		l.wake()
	}
	l.mu.Unlock()
	return end.next, nil
}

func (l *log) State() store.LogState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return store.LogState{First: l.first, Next: l.tip.next, Last: fromMillis(l.tip.stamp), Sealed: l.sealed}
}

func (l *log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(int64(l.tip.bytes-l.base), 0) // after damage both are estimates
}

// leave says that what lies before a position is about to be removed.
func (l *log) leave(before store.Position) {
	l.mu.Lock()
	l.leaving = max(l.leaving, before)
	l.mu.Unlock()
}

// Trim moves the horizon and removes the blocks that lie before it whole.
func (l *log) Trim(ctx context.Context, before store.Position) error {
	if err := l.s.enter(); err != nil {
		return l.wrap("trim", err)
	}
	defer l.s.leave()
	l.mu.Lock()
	t, first, dropped := l.tip, l.first, l.dropped
	l.mu.Unlock()
	if dropped {
		return l.wrap("trim", store.ErrNotFound)
	}
	before = min(before, t.next)
	if before <= first {
		return nil
	}
	// What lies before edge is removed: the block that holds the horizon stays.
	edge, base := t.next, t.bytes
	if before < t.next {
		k, err := l.blockAt(before, t.next)
		switch {
		case err == nil:
			edge, base = k.first, k.before
		case errors.Is(err, store.ErrCorrupt):
			edge = 0 // a later trim removes what lies before the damage
		default:
			return l.wrap("trim", err)
		}
	}
	l.appendMu.Lock()
	if l.ended == store.ErrNotFound {
		l.appendMu.Unlock()
		return l.wrap("trim", store.ErrNotFound)
	}
	from := l.row.swept
	l.row.first = max(l.row.first, before)
	if edge > from {
		l.row.swept, l.row.base = edge, base
	}
	l.row.tip = l.queued
	row := l.row
	l.leave(row.first)
	err := l.commitRow(func(b *pebble.Batch) {
		mustSet(b, nameKey(kindLogName, l.name), row.encode())
		for at := from; at < edge; {
			st := l.stretchAt(at)
			to := min(edge, st.end)
			mustDeleteRange(b, appendPosition(nil, st.id, at), appendPosition(nil, st.id, to))
			at = to
		}
	})
	if err != nil {
		return l.wrap("trim", err)
	}
	l.mu.Lock()
	if row.first > l.first {
		l.first, l.base = row.first, row.base
	}
	l.mu.Unlock()
	return nil
}

// Wait blocks until there is something to read at from, or never will be.
func (l *log) Wait(ctx context.Context, from store.Position) error {
	for {
		l.mu.Lock()
		if l.dropped {
			l.mu.Unlock()
			return l.wrap("wait for", store.ErrNotFound)
		}
		if l.tip.next > from || l.sealed {
			l.mu.Unlock()
			return nil
		}
		changed := l.changedLocked()
		l.mu.Unlock()
		select {
		case <-changed:
		case <-l.s.closing:
			return l.wrap("wait for", store.ErrClosed)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changedLocked()
}

func (l *log) changedLocked() chan struct{} {
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// Drop removes the log.
func (l *log) Drop(ctx context.Context) error {
	if err := l.s.enter(); err != nil {
		return l.wrap("drop", err)
	}
	defer l.s.leave()
	stripe := l.s.stripe(l.name)
	stripe.Lock()
	defer stripe.Unlock()
	l.appendMu.Lock()
	if l.ended == store.ErrNotFound {
		l.appendMu.Unlock()
		return l.wrap("drop", store.ErrNotFound)
	}
	l.ended = store.ErrNotFound
	l.leave(math.MaxUint64)
	l.s.unsettle(l.name, true)
	defer l.s.settle(l.name)
	err := l.commitRow(func(b *pebble.Batch) {
		mustDelete(b, nameKey(kindLogName, l.name))
		for _, id := range l.ids() {
			prefix := appendID(nil, kindBlock, id)
			mustDeleteRange(b, prefix, prefixEnd(prefix))
		}
	})
	if err != nil {
		return l.wrap("drop", err)
	}
	l.s.forgetLog(l.name)
	l.mu.Lock()
	l.dropped = true
	l.wake()
	l.mu.Unlock()
	return nil
}
