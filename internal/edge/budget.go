package edge

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// patience is how long a request waits for memory before it is throttled.
const patience = time.Second

// budget is a semaphore on bytes. Who waits is served in order of arrival.
type budget struct {
	clock clock.Clock
	mu    sync.Mutex
	free  int64
	queue []*waiter
}

type waiter struct {
	need  int64
	ready chan struct{}
}

func newBudget(size int64, c clock.Clock) *budget { return &budget{clock: c, free: size} }

// take takes n bytes, and reports false where they do not come free in time.
func (b *budget) take(ctx context.Context, n int64) bool {
	b.mu.Lock()
	if len(b.queue) == 0 && b.free >= n {
		b.free -= n
		b.mu.Unlock()
		return true
	}
	w := &waiter{need: n, ready: make(chan struct{})}
	b.queue = append(b.queue, w)
	b.mu.Unlock()
	timer := b.clock.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.ready:
		return true
	case <-timer.C():
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.queue, w)
	if i < 0 { // served at the last moment
		return true
	}
	b.queue = slices.Delete(b.queue, i, i+1)
	b.serve()
	return false
}

// give gives n bytes back.
func (b *budget) give(n int64) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	b.free += n
	b.serve()
	b.mu.Unlock()
}

func (b *budget) serve() {
	for len(b.queue) > 0 && b.queue[0].need <= b.free {
		w := b.queue[0]
		b.free -= w.need
		b.queue = slices.Delete(b.queue, 0, 1)
		close(w.ready)
	}
}
