package memstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/store"
)

// Fate is what becomes of a commit whose caller gets an error.
type Fate int

const (
	// Dropped: the commit does not take effect.
	Dropped Fate = iota
	// Applied: the commit takes effect; only its acknowledgement is lost. The
	// caller's error should be store.ErrUnknownOutcome.
	Applied
)

// faults is what a test has ordered. The store's mutex guards it.
type faults struct {
	held    bool
	steps   int // commits that pass although they are held
	err     error
	left    int // commits still to fail; negative for all
	fate    Fate
	noSpace bool
	suspect bool // the clock is
}

func (f *faults) holding() bool { return f.held && f.steps == 0 }

// pass reports whether the next commit may be decided.
func (f *faults) pass() bool {
	if f.holding() {
		return false
	}
	if f.held {
		f.steps--
	}
	return true
}

// failure returns the error of the next commit.
func (f *faults) failure() (Fate, error) {
	if f.left == 0 {
		return Dropped, nil
	}
	if f.left > 0 {
		f.left--
	}
	return f.fate, f.err
}

// Hold keeps commits in flight from now on, as a sync that does not end would.
func (s *Store) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.held = true
}

// Release decides the commits that are held and holds no more.
func (s *Store) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.held, s.faults.steps = false, 0
	s.cond.Broadcast()
}

// Step lets n commits pass that are, or will be, held.
func (s *Store) Step(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.steps += n
	s.cond.Broadcast()
}

// AwaitInFlight blocks until at least n commits are in flight, or ctx ends, and
// returns ctx's error in that case.
func (s *Store) AwaitInFlight(ctx context.Context, n int) error {
	return s.await(ctx, func() bool { return len(s.queue) >= n })
}

// AwaitHeld blocks until a commit is in flight and held, those that Step let pass
// being over, or ctx ends, and returns ctx's error in that case.
func (s *Store) AwaitHeld(ctx context.Context) error {
	return s.await(ctx, func() bool { return len(s.queue) > 0 && s.faults.holding() })
}

// await blocks until a condition holds that commits and faults change.
func (s *Store) await(ctx context.Context, done func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cond.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !done() {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.cond.Wait()
	}
	return nil
}

// FailCommits makes the next n commits, those in flight first, end with err; a
// negative n means all, 0 none. fate says whether they take effect all the same.
// An Update that was built on one that is dropped runs again.
func (s *Store) FailCommits(err error, n int, fate Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.err, s.faults.left, s.faults.fate = err, n, fate
}

// Lose gives the partition and the log of that name to another owner. Their
// commits in flight end with ErrUnknownOutcome; fate says whether they took
// effect, all of them or none. Until Regain, calls get ErrNotOwner.
func (s *Store) Lose(name string, fate Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, l := s.partitions[name], s.logs[name]
	rest := s.queue[:0]
	for _, c := range s.queue {
		t := c.target()
		if t == nil || (p == nil || t != &p.target) && (l == nil || t != &l.target) {
			rest = append(rest, c)
			continue
		}
		err := error(nil)
		if fate == Applied {
			err = c.apply(s)
		} else {
			c.drop()
		}
		if err == nil {
			err = fmt.Errorf("%s was lost: %w", name, store.ErrUnknownOutcome)
		}
		s.settle(c, err)
	}
	clear(s.queue[len(rest):])
	s.queue = rest
	if p != nil {
		p.lost = true
		p.rewind()
		p.changed.close()
	}
	if l != nil {
		l.lost = true
		l.changed.close()
	}
	s.cond.Broadcast()
}

// Regain takes back what was lost. The partition's Version has a new Epoch.
func (s *Store) Regain(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.partitions[name]; p != nil && p.lost {
		p.lost = false
		p.newEpoch()
		p.changed.close()
	}
	if l := s.logs[name]; l != nil && l.lost {
		l.lost = false
		l.changed.close()
	}
}

// SetNoSpace says whether the disk is below its reserve, so that only what
// frees space is accepted.
func (s *Store) SetNoSpace(low bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.noSpace = low
}

// Damage makes the block unreadable that holds a log's record at position. It
// reports whether there is one.
func (s *Store) Damage(log string, position store.Position) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[log]
	if l == nil || position < l.bounds.First || position >= l.bounds.Next {
		return false
	}
	i := blockAt(l.blocks, position)
	damaged := *l.blocks[i]
	damaged.damaged = true
	l.blocks = slices.Clone(l.blocks) // readers hold the old slice
	l.blocks[i] = &damaged
	return true
}

// SuspectClock says whether the clock is taken to be ahead, so that nothing may
// be trimmed by age.
func (s *Store) SuspectClock(suspect bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.suspect = suspect
}

// TrimAllowed reports what SuspectClock ordered.
func (s *Store) TrimAllowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.faults.suspect
}
