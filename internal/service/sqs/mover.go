package sqs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// mover carries messages from one queue to another: dead letters, and what move
// tasks take. A queue has an errand while it has something to carry, and one at
// most, so that its messages leave it in order and no repeat runs beside another.
// Nothing ticks: whoever commits something to carry kicks.
type mover struct {
	s *Service

	mu      sync.Mutex
	errands map[queueKey]*errand
}

// errand is what carries the messages of one queue away.
type errand struct {
	key   queueKey
	wake  chan struct{} // holds one kick
	again bool          // it was kicked since it looked last; mover.mu guards it
	marks bool          // marks in the queue may be left over; mover.mu guards it
	next  int64         // ms, when the move task may take its next messages
}

// retryAfter is how long an errand rests after an error.
const retryAfter = time.Second

func newMover(s *Service) *mover { return &mover{s: s, errands: make(map[queueKey]*errand)} }

// kick makes a queue's outbox and its move task be looked at. It does not block.
func (mv *mover) kick(key queueKey) { mv.start(key, false) }

// tidy is kick that looks for marks too which are left over in the queue.
func (mv *mover) tidy(key queueKey) { mv.start(key, true) }

func (mv *mover) start(key queueKey, marks bool) {
	mv.mu.Lock()
	defer mv.mu.Unlock()
	e := mv.errands[key]
	if e != nil {
		e.again, e.marks = true, e.marks || marks
		select {
		case e.wake <- struct{}{}:
		default:
		}
		return
	}
	e = &errand{key: key, wake: make(chan struct{}, 1), marks: marks}
	mv.errands[key] = e
	mv.s.work.Go(func(ctx context.Context) { mv.run(store.Freeing(ctx), e) })
}

// look begins a round of an errand, and returns whether it is to look for marks.
func (mv *mover) look(e *errand) (marks bool) {
	mv.mu.Lock()
	defer mv.mu.Unlock()
	marks, e.again, e.marks = e.marks, false, false
	return marks
}

// over ends an errand unless it was kicked meanwhile, and reports whether it did.
func (mv *mover) over(e *errand) bool {
	mv.mu.Lock()
	defer mv.mu.Unlock()
	if e.again {
		return false
	}
	delete(mv.errands, e.key)
	return true
}

// run is an errand, to its end.
func (mv *mover) run(ctx context.Context, e *errand) {
	for ctx.Err() == nil {
		marks := mv.look(e)
		wait, more, err := mv.round(ctx, e, marks)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			mv.s.o.Logger.Warn("messages could not be moved out of a queue; the next try follows", "queue", e.key.arn(), "error", err)
			mv.start(e.key, marks)
			mv.rest(ctx, e, retryAfter, false)
		case more:
			mv.rest(ctx, e, wait, true)
		case mv.over(e):
			return
		}
	}
}

// rest waits for a time, or for the next kick where that counts.
func (mv *mover) rest(ctx context.Context, e *errand, d time.Duration, kicks bool) {
	if d <= 0 {
		return
	}
	wake := e.wake
	if !kicks {
		wake = nil
	}
	timer := mv.s.o.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-wake:
	case <-ctx.Done():
	}
}

// round empties the outbox and lets a move task take what it may. more: there is a
// move task, which goes on after wait.
func (mv *mover) round(ctx context.Context, e *errand, marks bool) (wait time.Duration, more bool, err error) {
	if marks {
		if err := mv.s.removeMarks(ctx, e.key); err != nil {
			return 0, false, err
		}
	}
	if err := mv.s.emptyOutbox(ctx, e.key); err != nil {
		return 0, false, err
	}
	return mv.s.stepTask(ctx, e)
}

// resume finds the queues that a crash left with something to move. It reads the
// beginnings of their outboxes, marks and tasks, and runs in the background.
func (mv *mover) resume(ctx context.Context) {
	err := mv.s.registries(ctx, func(reg queueKey) error {
		var names []string
		err := mv.s.registry(reg.account, reg.region).names(ctx, "", "", func(r *registryRow) bool {
			names = append(names, r.Name)
			return true
		})
		for _, name := range names {
			key := queueKey{reg.account, reg.region, name}
			if err := mv.find(ctx, key); err != nil && ctx.Err() == nil {
				mv.s.o.Logger.Error("what was being moved out of a queue could not be found; its next use looks again", "queue", key.arn(), "error", err)
			}
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		mv.s.o.Logger.Error("what was being moved between queues could not be found; a restart looks again", "error", err)
	}
}

// find kicks the errand of a queue that has something for one.
func (mv *mover) find(ctx context.Context, key queueKey) error {
	var moving, marked bool
	err := mv.s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) (err error) {
		if moving, err = anyRow(r, outboxPrefix); err != nil {
			return err
		}
		if marked, err = anyRow(r, markPrefix); err != nil {
			return err
		}
		t, err := activeTask(r)
		moving = moving || t != nil
		return err
	})
	switch {
	case err != nil:
		return err
	case marked:
		mv.tidy(key)
	case moving:
		mv.kick(key)
	}
	return nil
}

// anyRow reports whether there is a row under a prefix.
func anyRow(r store.Reader, prefix []byte) (bool, error) {
	for _, err := range r.Scan(prefix, row.End(prefix)) {
		return err == nil, err
	}
	return false, nil
}

// ignoreGone is err unless that says that the queue is gone.
func ignoreGone(err error) error {
	if errors.Is(err, errNoQueue) {
		return nil
	}
	return err
}
