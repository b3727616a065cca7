package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/millrace/millrace/internal/store"
)

const (
	maxKey   = 4 << 10
	maxValue = 16 << 20
)

// contents is a partition's contents at one version. It is never modified.
type contents struct {
	root    *tree
	version store.Version
}

// partition implements store.Partition.
type partition struct {
	target
	store   *Store
	durable atomic.Pointer[contents] // written with store.mu held
	writer  chan struct{}            // holds a token while an Update runs

	// Guarded by store.mu:
	latest  *contents // with the commits in flight
	tip     *update   // the last commit in flight; nil for none
	line    uint64    // of the history; a dropped commit begins a new one
	epoch   uint64
	n       uint64 // of the last version that was given out
	changed signal
}

func newPartition(s *Store, name string) *partition {
	p := &partition{store: s, target: target{name: name}, writer: make(chan struct{}, 1), epoch: s.epoch}
	p.publish(&contents{version: store.Version{Epoch: s.epoch}})
	p.latest = p.durable.Load()
	return p
}

// Name returns the partition's name.
func (p *partition) Name() string { return p.name }

// Version returns the version of the durable state.
func (p *partition) Version() store.Version { return p.durable.Load().version }

// Changed returns a channel that is closed after the next durable change.
func (p *partition) Changed() <-chan struct{} {
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	return p.changed.wait()
}

// View runs f on the durable state.
func (p *partition) View(ctx context.Context, f func(r store.Reader) error) error {
	p.store.mu.Lock()
	err := p.usable(ctx)
	p.store.mu.Unlock()
	if err != nil {
		return err
	}
	return f(&tx{contents: *p.durable.Load()})
}

// Drop removes all keys.
func (p *partition) Drop(ctx context.Context) error {
	return p.Update(store.Freeing(ctx), func(tx store.Tx) error {
		tx.DeleteRange(nil, nil)
		return nil
	})
}

// errAgain makes an Update run again, because what it was built on was dropped.
var errAgain = errors.New("built on a commit that was dropped")

// Update runs f and makes what it wrote durable.
func (p *partition) Update(ctx context.Context, f func(tx store.Tx) error) error {
	if err := checkName(p.name); err != nil {
		return err
	}
	for {
		if err := p.attempt(ctx, f); !errors.Is(err, errAgain) {
			return err
		}
	}
}

// attempt runs f once. What f returns is told only when all that f could read
// is durable.
func (p *partition) attempt(ctx context.Context, f func(tx store.Tx) error) error {
	select {
	case p.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	u, fErr, err := p.build(ctx, f)
	<-p.writer
	if err != nil {
		return err
	}
	if err := wait(ctx, u.done); err != nil {
		return err
	}
	return fErr
}

// build runs f and puts its commit in flight, an empty one where f fails.
func (p *partition) build(ctx context.Context, f func(tx store.Tx) error) (u *update, fErr, err error) {
	s := p.store
	s.mu.Lock()
	err = p.usable(ctx)
	t := tx{contents: *p.latest}
	line := p.line
	s.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}

	if fErr = f(&t); fErr == nil {
		fErr = t.err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := p.usable(ctx); err != nil {
		return nil, nil, err
	}
	if line != p.line {
		return nil, nil, errAgain
	}
	if fErr == nil && t.wrote && s.faults.noSpace && !store.IsFreeing(ctx) {
		fErr = fmt.Errorf("update %s: %w", p.name, store.ErrNoSpace)
	}
	u = &update{partition: p, line: line, done: make(chan error, 1)}
	if fErr != nil || !t.wrote {
		if p.tip == nil {
			u.done <- nil
			return u, fErr, nil
		}
		u.next = p.latest
	} else {
		p.n++
		u.next = &contents{root: t.root, version: store.Version{Epoch: p.epoch, N: p.n}}
		p.latest = u.next
	}
	p.tip = u
	s.enqueue(u)
	return u, fErr, nil
}

// partition returns the partition of this store that p is, or is a clone of.
func (s *Store) partition(p *partition) *partition {
	if p == p.store.system {
		return s.system
	}
	return s.partitions[p.name]
}

func (p *partition) usable(ctx context.Context) error {
	if err := p.store.usable(ctx); err != nil {
		return err
	}
	return p.err()
}

// publish makes contents durable and visible.
func (p *partition) publish(c *contents) {
	p.durable.Store(c)
	p.changed.close()
}

// rewind forgets the commits in flight.
func (p *partition) rewind() {
	p.latest, p.tip = p.durable.Load(), nil
	p.line++
}

// newEpoch begins an epoch, with the durable contents.
func (p *partition) newEpoch() {
	p.store.epoch++
	p.epoch = p.store.epoch
	p.n++
	p.publish(&contents{root: p.durable.Load().root, version: store.Version{Epoch: p.epoch, N: p.n}})
	p.rewind()
}

// update is the commit of an Update.
type update struct {
	partition *partition
	line      uint64
	next      *contents
	done      chan error
}

func (u *update) target() *target { return &u.partition.target }

func (u *update) apply(s *Store) error {
	p := s.partition(u.partition)
	if u.line != p.line {
		return errAgain
	}
	if u.next != p.durable.Load() {
		p.publish(u.next)
	}
	if p.tip == u {
		p.tip = nil
	}
	return nil
}

func (u *update) replay(clone *Store) { _ = u.apply(clone) }

func (u *update) drop() {
	if u.line == u.partition.line {
		u.partition.rewind()
	}
}

func (u *update) finish(err error) { u.done <- err }

// tx implements store.Tx on contents of its own.
type tx struct {
	contents
	wrote bool
	err   error // of a write that was refused
}

func (t *tx) Version() store.Version { return t.version }

func (t *tx) Get(key []byte) ([]byte, error) {
	if v, ok := t.root.get(key); ok {
		return v, nil
	}
	return nil, store.ErrNotFound
}

func (t *tx) Scan(from, to []byte) iter.Seq2[store.KeyValue, error] {
	root := t.root
	return func(yield func(store.KeyValue, error) bool) { root.ascend(from, to, yield) }
}

func (t *tx) ScanReverse(from, to []byte) iter.Seq2[store.KeyValue, error] {
	root := t.root
	return func(yield func(store.KeyValue, error) bool) { root.descend(from, to, yield) }
}

func (t *tx) Set(key, value []byte) {
	if len(key) > maxKey || len(value) > maxValue {
		t.err = fmt.Errorf("key of %d bytes with a value of %d bytes: more than %d and %d", len(key), len(value), maxKey, maxValue)
		return
	}
	t.root = t.root.set(bytes.Clone(key), bytes.Clone(value))
	t.wrote = true
}

func (t *tx) Delete(key []byte) { t.DeleteRange(key, append(bytes.Clone(key), 0)) }

func (t *tx) DeleteRange(from, to []byte) {
	t.root = t.root.deleteRange(from, to)
	t.wrote = true
}
