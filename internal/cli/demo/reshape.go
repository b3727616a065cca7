package demo

import (
	"context"
	"fmt"
)

// reshape has a shard split after a third of the input and two merged after the
// second. The lines go on meanwhile; only where they would outrun it they wait,
// so that lines come before, during and after it, however short the input is.
type reshape struct {
	d     *demo
	ctx   context.Context
	next  int           // of steps
	under chan struct{} // closed when what was begun is done; nil before
}

// steps are parts of the input, and what begins there once the one before is done.
var steps = []struct {
	at float64
	do func(*demo, context.Context) (string, error) // nil: nothing more
}{
	{1. / 3, (*demo).split},
	{2. / 3, (*demo).merge},
	{9. / 10, nil},
}

// reshape returns the plan; ctx is of the calls.
func (d *demo) reshape(ctx context.Context) *reshape { return &reshape{d: d, ctx: ctx} }

// reach takes note of how much of the input was read. It waits where a step has
// to end before the next.
func (r *reshape) reach(ctx context.Context, progress float64) error {
	for r.next < len(steps) && progress >= steps[r.next].at {
		if err := r.wait(ctx); err != nil {
			return err
		}
		if do := steps[r.next].do; do != nil {
			r.under = make(chan struct{})
			go r.run(do, r.under)
		}
		r.next++
	}
	return nil
}

func (r *reshape) run(do func(*demo, context.Context) (string, error), done chan<- struct{}) {
	defer close(done)
	what, err := do(r.d, r.ctx)
	if err != nil {
		r.d.blame(fmt.Errorf("a reshard: %w", err))
		what = "FAILED: " + err.Error()
	}
	r.d.board.tell(what)
}

// wait waits until nothing is under way.
func (r *reshape) wait(ctx context.Context) error {
	if r.under == nil {
		return nil
	}
	select {
	case <-r.under:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
