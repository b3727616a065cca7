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

// small is what nobody waits for: it is no more than what a connection costs
// anyway, and must not stand in line behind what is large.
const small = 16 << 10

// budget is a semaphore on bytes. Who waits is served in order of arrival.
type budget struct {
	clock clock.Clock
	size  int64
	small int64 // what is taken without waiting
	mu    sync.Mutex
	free  int64
	queue []*waiter
}

type waiter struct {
	need   int64 // what it takes
	enough int64 // when that much is free
	ready  chan struct{}
}

func newBudget(size, small int64, c clock.Clock) *budget {
	return &budget{clock: c, size: size, small: small, free: size}
}

// take takes n bytes, and reports false where they do not come free in time. More
// than there is in all is there when nobody else has any.
func (b *budget) take(ctx context.Context, n int64) bool {
	b.mu.Lock()
	w := &waiter{need: n, enough: min(n, b.size), ready: make(chan struct{})}
	if n <= b.small || len(b.queue) == 0 && b.free >= w.enough {
		b.free -= n
		b.mu.Unlock()
		return true
	}
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

// give gives n bytes back; a negative n takes them, be they there or not.
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
	for len(b.queue) > 0 && b.queue[0].enough <= b.free {
		w := b.queue[0]
		b.free -= w.need
		b.queue = slices.Delete(b.queue, 0, 1)
		close(w.ready)
	}
}
