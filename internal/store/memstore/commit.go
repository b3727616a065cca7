package memstore

import (
	"context"
	"fmt"

	"github.com/millrace/millrace/internal/store"
)

// commit is a change in flight. All methods but finish are called with the
// store's mutex held.
type commit interface {
	// target returns whose ownership the commit needs; nil for none.
	target() *target
	// apply makes the change, visibly, or returns why it cannot be.
	apply(s *Store) error
	// replay makes the change in a clone, and leaves the commit as it is.
	replay(clone *Store)
	// drop tells that the change will not be.
	drop()
	// finish tells the caller the outcome. No lock is held.
	finish(err error)
}

// target is what can be lost to another owner: a partition or a log.
type target struct {
	name string
	lost bool
}

func (t *target) err() error {
	if t != nil && t.lost {
		return fmt.Errorf("%s: %w", t.name, store.ErrNotOwner)
	}
	return nil
}

// outcome is a commit that is decided and whose caller is yet to be told.
type outcome struct {
	commit commit
	err    error
}

// enqueue puts a commit in flight. s.mu is held.
func (s *Store) enqueue(c commit) {
	s.queue = append(s.queue, c)
	s.seq++
	s.cond.Broadcast()
}

// settle notes the outcome of a commit. s.mu is held.
func (s *Store) settle(c commit, err error) { s.settled = append(s.settled, outcome{c, err}) }

// run decides commits, oldest first, until the store is closed.
func (s *Store) run() {
	defer close(s.stopped)
	var told []outcome
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for len(s.settled) == 0 && !s.closed && (len(s.queue) == 0 || s.faults.holding()) {
			s.cond.Wait()
		}
		if len(s.settled) == 0 && len(s.queue) > 0 {
			last := s.seq
			s.sleep()
			s.decide(last)
		}
		if len(s.settled) == 0 && len(s.queue) == 0 && s.closed {
			return
		}
		told, s.settled = s.settled, told[:0]
		s.cond.Broadcast()
		s.mu.Unlock()
		for i, o := range told {
			o.commit.finish(o.err)
			told[i] = outcome{}
		}
		s.mu.Lock()
	}
}

// sleep is the time that a commit takes. s.mu is held, but not meanwhile.
func (s *Store) sleep() {
	if s.delay <= 0 || s.closed {
		return
	}
	timer := s.clock.NewTimer(s.delay)
	s.mu.Unlock()
	select {
	case <-timer.C():
	case <-s.closing:
		timer.Stop()
	}
	s.mu.Lock()
}

// decide decides the commits up to the one numbered last, as far as they are
// not held. s.mu is held.
func (s *Store) decide(last uint64) {
	n := 0
	for first := s.seq - uint64(len(s.queue)) + 1; n < len(s.queue) && first+uint64(n) <= last; n++ {
		if !s.closed && !s.faults.pass() {
			break
		}
		s.decideOne(s.queue[n])
	}
	s.remove(n)
}

// remove takes the n oldest commits from the queue. s.mu is held.
func (s *Store) remove(n int) {
	rest := copy(s.queue, s.queue[n:])
	clear(s.queue[rest:])
	s.queue = s.queue[:rest]
}

func (s *Store) decideOne(c commit) {
	err := c.target().err()
	if err != nil {
		c.drop()
		s.settle(c, err)
		return
	}
	fate, failure := s.faults.failure()
	if failure != nil && fate == Dropped {
		c.drop()
		s.settle(c, failure)
		return
	}
	if err = c.apply(s); err == nil {
		err = failure
	}
	s.settle(c, err)
}

// do makes a change by a commit, waits for it and returns what change returned.
// change runs with the mutex held of the store that it is given, which may be a
// clone.
func do[T any](ctx context.Context, s *Store, t *target, change func(*Store) (T, error)) (T, error) {
	c := &call[T]{on: t, change: change, done: make(chan error, 1)}
	var none T
	s.mu.Lock()
	err := s.usable(ctx)
	if err == nil {
		err = t.err()
	}
	if err == nil {
		s.enqueue(c)
	}
	s.mu.Unlock()
	if err == nil {
		err = wait(ctx, c.done)
	}
	if err != nil {
		return none, err
	}
	return c.result, nil
}

// wait waits for the outcome of a commit.
func wait(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, ctx.Err())
	}
}

// call is a commit of a function.
type call[T any] struct {
	on     *target
	change func(*Store) (T, error)
	result T
	done   chan error
}

func (c *call[T]) target() *target { return c.on }

func (c *call[T]) apply(s *Store) (err error) {
	c.result, err = c.change(s)
	return err
}

func (c *call[T]) replay(clone *Store) { _, _ = c.change(clone) } // a refusal changes nothing

func (c *call[T]) drop() {}

func (c *call[T]) finish(err error) { c.done <- err }
