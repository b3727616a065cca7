package memstore

import (
	"context"
	"maps"
	"math/rand/v2"
)

// Cut lets f make as many commits and returns the store as a restart could find it
// then, by CrashClone, and whether f came to its end before. Where it did not, its
// context ends once it is cut off and its commits go on; Cut waits for it. The error
// is that of an f which ended, or of ctx.
func (s *Store) Cut(ctx context.Context, commits, percent int, random *rand.Rand, f func(ctx context.Context) error) (crashed *Store, ended bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.Hold()
	s.Step(commits)
	done, held := make(chan error, 1), make(chan error, 1)
	go func() { done <- f(ctx) }()
	go func() { held <- s.AwaitHeld(ctx) }()
	select {
	case err = <-done:
		ended = true
	case err = <-held:
	}
	crashed = s.CrashClone(percent, random)
	cancel()
	s.Release()
	if !ended {
		<-done
	}
	return crashed, ended, err
}

// CrashClone returns a store as a restart could find it after a crash at this
// moment: what is durable and, of the commits in flight, those that reached the
// disk. Each has done so with a probability of percent by random, provided that
// all before it of the same partition or log have. This store goes on.
func (s *Store) CrashClone(percent int, random *rand.Rand) *Store {
	s.mu.Lock()
	c := s.clone()
	cut := make(map[*target]bool)
	for _, commit := range s.queue {
		t := commit.target()
		switch {
		case t != nil && cut[t]:
		case random.IntN(100) < percent:
			commit.replay(c)
		default:
			cut[t] = true
		}
	}
	s.mu.Unlock()
	c.open()
	return c
}

// Reopen closes the store and returns it as a restart finds it.
func (s *Store) Reopen() *Store {
	_ = s.Close() // it has nothing that could fail
	s.mu.Lock()
	c := s.clone()
	s.mu.Unlock()
	c.open()
	return c
}

// clone returns a copy of what is durable, which is yet to be opened. s.mu is
// held.
func (s *Store) clone() *Store {
	c := newStore(Options{Clock: s.clock, Delay: s.delay})
	c.epoch = s.epoch
	c.system = s.system.clone(c)
	for name, p := range s.partitions {
		c.partitions[name] = p.clone(c)
	}
	c.created = s.created
	for name, l := range s.logs {
		c.logs[name] = l.clone(c)
	}
	c.blobs.objects = maps.Clone(s.blobs.objects)
	c.blobs.created = s.blobs.created
	return c
}

// open begins a new epoch and to serve.
func (s *Store) open() {
	s.epoch++
	s.system.newEpoch()
	for _, p := range s.partitions {
		p.newEpoch()
	}
	s.start()
}

func (p *partition) clone(s *Store) *partition {
	c := newPartition(s, p.name)
	c.line = p.line
	c.publish(p.durable.Load())
	return c
}

func (l *log) clone(s *Store) *log {
	return &log{
		target:  target{name: l.name},
		store:   s,
		id:      l.id,
		bounds:  l.bounds,
		blocks:  l.blocks[:len(l.blocks):len(l.blocks)], // appends copy it
		appends: l.appends,
		size:    l.size,
	}
}
