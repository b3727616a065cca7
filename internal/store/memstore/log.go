package memstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// log implements store.Log.
type log struct {
	target
	store *Store
	id    uint64 // tells it from others that had its name

	// Guarded by store.mu. Readers take the slice of blocks and go on without.
	bounds  store.LogState
	blocks  []*block
	appends uint64 // that were called
	size    int64
	dropped bool
	changed signal
}

// Name returns the log's name.
func (l *log) Name() string { return l.name }

// Append appends the block's records.
func (l *log) Append(b *store.Block, done func(store.Appended, error)) {
	s := l.store
	stamp := s.clock.Now()
	if stamp.Before(b.NotBefore) {
		stamp = b.NotBefore
	}
	a := &appending{log: l, done: done, block: block{count: b.Count(), key: b.Key, stamp: stamp.Truncate(time.Millisecond)}}
	s.mu.Lock()
	sequence := l.appends
	l.appends++
	s.mu.Unlock()
	if b.Key == 0 {
		a.block.data = bytes.Clone(b.Bytes())
	} else {
		a.block.context = binary.BigEndian.AppendUint64([]byte(l.name), sequence)
		a.block.data, a.err = s.keys.Seal(nil, b.Key, a.block.context, b.Bytes())
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		go done(store.Appended{}, fmt.Errorf("append to log %s: %w", l.name, store.ErrClosed))
		return
	}
	if a.err == nil && s.faults.noSpace {
		a.err = store.ErrNoSpace
	}
	s.enqueue(a)
}

// appending is the commit of an Append.
type appending struct {
	log   *log
	block block
	done  func(store.Appended, error)
	err   error // why it is refused
}

func (a *appending) target() *target { return &a.log.target }

func (a *appending) apply(s *Store) error {
	if a.err != nil {
		return a.err
	}
	l := s.log(a.log)
	if l == nil {
		return store.ErrNotFound
	}
	if l.bounds.Sealed {
		return store.ErrSealed
	}
	if a.block.stamp.Before(l.bounds.Last) {
		a.block.stamp = l.bounds.Last
	}
	a.block.first = l.bounds.Next
	if a.block.count > 0 {
		l.blocks = append(l.blocks, &a.block)
		l.size += int64(len(a.block.data))
		l.bounds.Next = a.block.end()
		l.bounds.Last = a.block.stamp
		l.changed.close()
	}
	return nil
}

func (a *appending) replay(clone *Store) {
	twin := *a
	_ = twin.apply(clone) // a refusal changes nothing
}

func (a *appending) drop() {}

func (a *appending) finish(err error) {
	if err != nil {
		a.done(store.Appended{}, fmt.Errorf("append to log %s: %w", a.log.name, err))
		return
	}
	a.done(store.Appended{First: a.block.first, Stamp: a.block.stamp}, nil)
}

// do makes a change to the log and returns the state after it.
func (l *log) do(ctx context.Context, what string, change func(l *log)) (store.LogState, error) {
	state, err := do(ctx, l.store, &l.target, func(s *Store) (store.LogState, error) {
		l := s.log(l)
		if l == nil {
			return store.LogState{}, store.ErrNotFound
		}
		change(l)
		return l.bounds, nil
	})
	if err != nil {
		return state, fmt.Errorf("%s log %s: %w", what, l.name, err)
	}
	return state, nil
}

// log returns the log of this store that l is, or is a clone of; nil if it was
// dropped.
func (s *Store) log(l *log) *log {
	if twin := s.logs[l.name]; twin != nil && twin.id == l.id {
		return twin
	}
	return nil
}

// Seal ends the log.
func (l *log) Seal(ctx context.Context) (store.Position, error) {
	state, err := l.do(ctx, "seal", func(l *log) {
		l.bounds.Sealed = true
		l.changed.close()
	})
	return state.Next, err
}

// Trim forgets the records before a position.
func (l *log) Trim(ctx context.Context, before store.Position) error {
	_, err := l.do(ctx, "trim", func(l *log) {
		l.bounds.First = max(l.bounds.First, min(before, l.bounds.Next))
		for len(l.blocks) > 0 && l.blocks[0].end() <= l.bounds.First {
			l.size -= int64(len(l.blocks[0].data))
			l.blocks = l.blocks[1:]
		}
	})
	return err
}

// Drop removes the log.
func (l *log) Drop(ctx context.Context) error {
	_, err := l.do(ctx, "drop", func(l *log) {
		l.dropped = true
		l.blocks, l.size = nil, 0
		delete(l.store.logs, l.name)
		l.changed.close()
	})
	return err
}

// State returns the log's bounds.
func (l *log) State() store.LogState {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.bounds
}

// Size returns the bytes of the log's blocks.
func (l *log) Size() int64 {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.size
}

// Changed returns a channel that is closed when the log next changes, or has
// changed owner.
func (l *log) Changed() <-chan struct{} {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	c := l.changed.wait()
	if l.dropped || l.store.closed {
		l.changed.close()
	}
	return c
}

// Wait blocks until the log has a record at or after from, or ends.
func (l *log) Wait(ctx context.Context, from store.Position) error {
	for {
		l.store.mu.Lock()
		err := l.usable(ctx)
		if err != nil || l.bounds.Sealed || from < l.bounds.Next && l.bounds.First < l.bounds.Next {
			l.store.mu.Unlock()
			return err
		}
		changed := l.changed.wait()
		l.store.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// usable returns what keeps the log from being read. store.mu is held.
func (l *log) usable(ctx context.Context) error {
	err := l.store.usable(ctx)
	if err == nil {
		err = l.err()
	}
	if err == nil && l.dropped {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("log %s: %w", l.name, err)
	}
	return nil
}
