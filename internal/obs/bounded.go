package obs

import (
	"maps"
	"sync"
	"sync/atomic"
)

// limit is how many names one metric tells apart. Series beyond are folded into
// one that is labelled other, so that callers cannot grow the server's memory,
// or its monitoring's, by making up names.
const limit = 1000

const other = "_other"

// bounded holds one V for each K, up to a limit, and one more for all others.
// A lookup takes no lock and does not allocate.
type bounded[K comparable, V any] struct {
	create func(K) V // makes the series of a key
	fold   K         // the key of all keys beyond the limit
	limit  int

	mu     sync.Mutex // held to change known
	known  atomic.Pointer[map[K]V]
	folded func() V
}

func newBounded[K comparable, V any](limit int, fold K, create func(K) V) *bounded[K, V] {
	b := &bounded[K, V]{create: create, fold: fold, limit: limit}
	b.known.Store(&map[K]V{})
	b.folded = sync.OnceValue(func() V { return create(fold) })
	return b
}

// get returns the series of k.
func (b *bounded[K, V]) get(k K) V {
	if v, ok := (*b.known.Load())[k]; ok {
		return v
	}
	return b.add(k)
}

func (b *bounded[K, V]) add(k K) V {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := *b.known.Load()
	if v, ok := known[k]; ok {
		return v
	}
	if len(known) >= b.limit {
		return b.folded()
	}
	v := b.create(k)
	next := maps.Clone(known)
	next[k] = v
	b.known.Store(&next)
	return v
}

// remove forgets k, so that another key can have its place.
func (b *bounded[K, V]) remove(k K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := maps.Clone(*b.known.Load())
	delete(next, k)
	b.known.Store(&next)
}

// all returns what is told apart now. It is not to be changed.
func (b *bounded[K, V]) all() map[K]V { return *b.known.Load() }
