package sqs

import (
	"context"
	"errors"
	"sync"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// queue is the handle of one queue: its partition, what was read of it, and who
// waits for its messages.
type queue struct {
	svc  *Service
	key  queueKey
	part store.Partition

	mu      sync.Mutex // guards what follows; taken inside the partition's writer lock
	mem     *memory    // nil: to be loaded
	waiting inflight.Waiters
}

// description is what is known of a queue beside its messages.
type description struct {
	// Incarnation tells the queues of one name apart: receipt handles carry it.
	Incarnation uint64            `json:"incarnation"`
	Created     int64             `json:"created"`  // ms since 1970
	Modified    int64             `json:"modified"` // ms since 1970, of the attributes
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags,omitempty"`
	Key         store.KeyID       `json:"key,omitempty"` // encrypts the messages; 0 for none
}

// memory is what is known of a queue: a cache of its rows, as the newest
// transaction left them.
type memory struct {
	desc *description // never modified: replaced
	meta meta
	// epoch is that of the partition's ownership: what was written under another
	// one may have been lost, and another owner may have written since.
	epoch uint64
	// order delivers the messages, in the way of the queue's type.
	order order
}

var (
	errNoQueue = errors.New("the queue is gone")
	// errOtherHandle says that another handle became the queue's one meanwhile.
	errOtherHandle = errors.New("the queue has another handle")
)

// load reads a queue's memory from its rows.
func load(key queueKey, r store.Reader) (*memory, error) {
	m := &memory{epoch: r.Version().Epoch}
	var err error
	if m.desc, m.meta, err = readQueue(r); err != nil {
		return nil, err
	}
	if key.fifo() {
		m.order = newFIFO(m)
	} else {
		m.order = newStandard(m)
	}
	// This brings what has come due into memory, where counts look for it.
	_, _, err = m.order.ready(r, 0)
	return m, err
}

// readQueue reads what is known of a queue beside its messages, and its counters.
// errNoQueue where there is none.
func readQueue(r store.Reader) (*description, meta, error) {
	d := new(description)
	if err := row.Get(r, descriptionKey, d); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = errNoQueue
		}
		return nil, meta{}, err
	}
	b, err := r.Get(metaKey)
	if err != nil {
		return nil, meta{}, err
	}
	m, err := decodeMeta(b)
	return d, m, err
}

// stale reports whether the memory differs from the rows that r sees.
func (m *memory) stale(r store.Reader) (bool, error) {
	if r.Version().Epoch != m.epoch {
		return true, nil
	}
	b, err := r.Get(metaKey)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return true, err
	}
	now, err := decodeMeta(b)
	return now.Generation != m.meta.Generation, err
}

// named returns the key of the queue that a call is about, in memory of its own.
func (s *Service) named(call *api.Call, url api.Opt[string]) (queueKey, error) {
	key, err := queueOf(call, url)
	if err != nil {
		return key, err
	}
	if key.account != call.Account {
		return key, api.ErrAccessDenied.New("Access to the resource %s is denied.", url.V)
	}
	return s.queue(key).key, nil
}

// answer is what a caller is told of an error.
func answer(call *api.Call, err error) error {
	if errors.Is(err, errNoQueue) {
		return noSuchQueue(call)
	}
	return err
}

// update runs f on a queue's memory. See queue.update.
func (s *Service) update(ctx context.Context, key queueKey, f func(tx store.Tx, q *queue, m *memory) error) error {
	for {
		q := s.queue(key)
		err := q.update(ctx, func(tx store.Tx, m *memory) error { return f(tx, q, m) })
		if !errors.Is(err, errOtherHandle) {
			return err
		}
	}
}

// update runs f on the queue's memory and commits what it wrote: it returns once
// that is durable. f runs inside the locks and must not block; it may run again,
// so what it hands out it sets anew each time. errNoQueue where the queue is gone.
//
// An f that writes nothing makes update a read of durable state.
func (q *queue) update(ctx context.Context, f func(tx store.Tx, m *memory) error) error {
	return q.part.Update(ctx, func(tx store.Tx) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		m, err := q.memory(tx)
		if err != nil {
			return err
		}
		w := &writes{Tx: tx}
		if err := f(w, m); err != nil {
			if w.any {
				q.mem = nil // it is ahead of the rows
			}
			return err
		}
		if w.any {
			m.meta.Generation++
			tx.Set(metaKey, m.meta.encode())
		}
		return q.wake(tx, m)
	})
}

// memory returns the memory of the rows that tx sees.
func (q *queue) memory(tx store.Tx) (*memory, error) {
	if q.mem != nil {
		stale, err := q.mem.stale(tx)
		if err != nil {
			return nil, err
		}
		if !stale {
			return q.mem, nil
		}
	}
	q.mem = nil
	m, err := load(q.key, tx)
	if errors.Is(err, errNoQueue) {
		q.waiting.WakeAll() // who waits looks again, and is told
		q.svc.forget(q)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if !q.svc.keep(q) {
		return nil, errOtherHandle
	}
	q.mem = m
	// Whoever lost the memory may have lost a kick with it.
	q.svc.mover.kick(q.key)
	return m, nil
}

// writes is a Tx that knows whether it was written to.
type writes struct {
	store.Tx
	any bool
}

func (w *writes) Set(key, value []byte) {
	w.any = true
	w.Tx.Set(key, value)
}

func (w *writes) Delete(key []byte) {
	w.any = true
	w.Tx.Delete(key)
}

func (w *writes) DeleteRange(from, to []byte) {
	w.any = true
	w.Tx.DeleteRange(from, to)
}

// set replaces the description.
func (m *memory) set(tx store.Tx, d *description) {
	m.desc = d
	tx.Set(descriptionKey, row.Encode(d))
}
