// Package memstore is a store in memory that behaves like a cluster's engine:
// commits take time, fail, or leave their outcome unknown, and a partition or
// log can be taken from its owner in mid-flight, all on demand. It is made for
// the tests of services.
//
// Owns: everything it stores; nothing survives the process. What would survive
// a restart or a crash is had by Reopen and CrashClone.
//
// Invariants: those of package store. Everything that changes state is a commit;
// commits take effect one after the other in the order of the calls, on one
// goroutine, which also calls back. So with a fake clock a test that makes its
// calls in a fixed order sees the same every time.
//
// Concurrency: all types are safe for concurrent use. One mutex guards all state
// and is held for short; a partition's contents are an immutable tree, which
// View reads without it.
package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/keyring"
)

const maxName = 1024

// Options configures a Store. The zero value is usable.
type Options struct {
	// Clock stamps records and times Delay. Default clock.Real.
	Clock clock.Clock
	// Delay is how long a commit takes; those that arrive meanwhile share the next
	// one. Default 0.
	Delay time.Duration
}

// Store implements store.Store in memory.
type Store struct {
	clock  clock.Clock
	delay  time.Duration
	keys   *keyring.Keyring
	blobs  blobs
	system *partition // holds the keyring

	closing chan struct{} // closed by Close, to cut a delay short
	stopped chan struct{} // closed when the committer has ended

	mu         sync.Mutex
	cond       sync.Cond // the queue or the faults changed
	closed     bool
	queue      []commit // in flight
	seq        uint64   // of the last commit in queue
	settled    []outcome
	faults     faults
	epoch      uint64 // the last one that was given out
	partitions map[string]*partition
	logs       map[string]*log
	created    uint64 // logs
	damaged    []store.Problem
}

var _ store.Store = (*Store)(nil)

// masterKey wraps the data keys. What it protects lies beside it in memory.
var masterKey = []byte("memstore has no secrets, 32 bytes")[:32]

// New returns an empty store.
func New(o Options) *Store {
	s := newStore(o)
	s.start()
	return s
}

// newStore returns an empty store that serves no commits yet.
func newStore(o Options) *Store {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	s := &Store{
		clock:      o.Clock,
		delay:      o.Delay,
		closing:    make(chan struct{}),
		stopped:    make(chan struct{}),
		epoch:      1,
		partitions: make(map[string]*partition),
		logs:       make(map[string]*log),
	}
	s.cond.L = &s.mu
	s.blobs = blobs{store: s, objects: make(map[string][]byte)}
	s.system = newPartition(s, "")
	return s
}

// start begins to serve commits, of a store whose contents are complete.
func (s *Store) start() {
	go s.run()
	var err error
	if s.keys, err = keyring.New(context.Background(), s.system, masterKey); err != nil {
		panic(err) // the partition was written by a keyring with this key
	}
}

// Partition returns the partition of that name.
func (s *Store) Partition(name string) store.Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partitions[name]
	if p == nil {
		p = newPartition(s, name)
		s.partitions[name] = p
	}
	return p
}

// Partitions returns, in order, the names under prefix that hold a key.
func (s *Store) Partitions(ctx context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	var names []string
	for name, p := range s.partitions {
		if strings.HasPrefix(name, prefix) && p.durable.Load().root != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// CreateLog makes an empty log.
func (s *Store) CreateLog(ctx context.Context, name string) (store.Log, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	l, err := do(ctx, s, nil, func(s *Store) (*log, error) {
		if s.faults.noSpace && !store.IsFreeing(ctx) {
			return nil, store.ErrNoSpace
		}
		if s.logs[name] != nil {
			return nil, store.ErrExists
		}
		s.created++
		l := &log{store: s, target: target{name: name}, id: s.created}
		s.logs[name] = l
		return l, nil
	})
	if err != nil {
		return nil, fmt.Errorf("create log %s: %w", name, err)
	}
	return l, nil
}

// OpenLog returns a log.
func (s *Store) OpenLog(ctx context.Context, name string) (store.Log, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if l := s.logs[name]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("log %s: %w", name, store.ErrNotFound)
}

// Logs returns, in order, the names of the logs under prefix.
func (s *Store) Logs(ctx context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	var names []string
	for name := range s.logs {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Blobs returns the area of large objects.
func (s *Store) Blobs() store.Blobs { return &s.blobs }

// Keys returns the keyring.
func (s *Store) Keys() store.Keyring { return s.keys }

// Health returns what SetNoSpace and Damage brought about.
func (s *Store) Health() []store.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	problems := slices.Clone(s.damaged)
	if s.faults.noSpace {
		problems = append(problems, store.Problem{Code: "disk-low", Message: "a test took the disk's space; it gives it back with SetNoSpace", Fatal: true})
	}
	return problems
}

// Close lets go the commits that are held, waits for those under way and closes
// the store. Later calls get ErrClosed.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.stopped
		return nil
	}
	s.closed = true
	close(s.closing)
	s.cond.Broadcast()
	s.mu.Unlock()
	<-s.stopped

	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.partitions {
		p.changed.close()
	}
	for _, l := range s.logs {
		l.changed.close()
	}
	return nil
}

// usable returns what keeps any call from being served. s.mu is held.
func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("name has %d bytes, more than %d", len(name), maxName)
	}
	return nil
}

// signal is a channel that is made when someone asks for it and closed when
// something happens. The store's mutex guards it.
type signal struct{ c chan struct{} }

func (g *signal) wait() <-chan struct{} {
	if g.c == nil {
		g.c = make(chan struct{})
	}
	return g.c
}

func (g *signal) close() {
	if g.c != nil {
		close(g.c)
		g.c = nil
	}
}
