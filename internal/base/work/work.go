// Package work runs what a service does on behalf of no request, and ends it
// with the service. A Group is safe for concurrent use.
package work

import (
	"context"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// Group is the background work of one service.
type Group struct {
	clock clock.Clock

	mu   sync.Mutex // held to begin work, so that none begins while Close waits
	life context.Context
	stop context.CancelFunc
	work sync.WaitGroup
}

// NewGroup returns a group that has no work yet.
func NewGroup(c clock.Clock) *Group {
	g := &Group{clock: c}
	g.life, g.stop = context.WithCancel(context.Background())
	return g
}

// Done is closed when the group is.
func (g *Group) Done() <-chan struct{} { return g.life.Done() }

// Closed reports whether the group is closed.
func (g *Group) Closed() bool { return g.life.Err() != nil }

// Go runs f in a goroutine of its own, with a context that Close ends. After
// Close it does nothing.
func (g *Group) Go(f func(ctx context.Context)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Closed() {
		return
	}
	g.work.Go(func() { f(g.life) })
}

// Every calls f in turns of the interval, until Close.
func (g *Group) Every(interval time.Duration, f func(ctx context.Context)) {
	g.Go(func(ctx context.Context) {
		timer := g.clock.NewTimer(interval)
		defer timer.Stop()
		for {
			select {
			case <-timer.C():
				f(ctx)
				timer.Reset(interval)
			case <-ctx.Done():
				return
			}
		}
	})
}

// Close ends all work and waits for it.
func (g *Group) Close() {
	g.mu.Lock()
	g.stop()
	g.mu.Unlock()
	g.work.Wait()
}
