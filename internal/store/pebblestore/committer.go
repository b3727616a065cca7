package pebblestore

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

const (
	// groupBytes bounds what one batch holds, so that a batch never outgrows a
	// memtable and memory stays bounded: past it an append waits.
	groupBytes = 8 << 20
	// groupsInFlight is how many batches may be applied and not yet synced. With
	// two, one is written while the other is being synced; more only makes them
	// smaller.
	groupsInFlight = 2
)

// committer turns what many logs queue into one batch for each sync. A goroutine
// applies groups in order, another waits for their syncs and tells the outcome.
type committer struct {
	s    *Store
	pace pace // of apply

	mu     sync.Mutex
	work   sync.Cond // the open group got its first entry, or closed
	room   sync.Cond // the open group was taken
	open   *group
	spare  []*group
	closed bool

	inFlight chan *group
	slots    chan struct{}
	stopped  chan struct{}
}

// group is a batch and those who wait for it.
type group struct {
	batch   *pebble.Batch
	entries []entry
	began   time.Time // when it was handed to Pebble
}

// entry is one queued change. Exactly one of append and wait is set.
type entry struct {
	log    *log
	done   func(store.Appended, error)
	result store.Appended
	tip    tip         // the log's tip once the entry is durable
	err    error       // refused before it was written
	wait   func(error) // for changes that are not appends
}

func newCommitter(s *Store) *committer {
	c := &committer{
		s:        s,
		inFlight: make(chan *group, groupsInFlight),
		slots:    make(chan struct{}, groupsInFlight),
		stopped:  make(chan struct{}),
	}
	c.pace = pace{clock: s.clock, closing: s.closing, sublevels: func() int { return int(s.db.Metrics().Levels[0].Sublevels) }}
	c.work.L, c.room.L = &c.mu, &c.mu
	c.open = c.newGroup()
	go c.apply()
	go c.complete()
	return c
}

func (c *committer) newGroup() *group {
	return &group{batch: c.s.db.NewBatch(pebble.WithMaxRetainedSizeBytes(groupBytes))}
}

// enqueue adds one entry to the open group. write puts its changes into the
// batch; nil writes nothing. It blocks while the group is full.
func (c *committer) enqueue(e entry, write func(b *pebble.Batch)) error {
	g, err := c.lockOpen()
	if err != nil {
		return err
	}
	if write != nil {
		write(g.batch)
	}
	c.add(g, e)
	c.mu.Unlock()
	return nil
}

// enqueueBlock is enqueue for a block of a log; it copies value once.
func (c *committer) enqueueBlock(e entry, key blockKey, head, value []byte) error {
	g, err := c.lockOpen()
	if err != nil {
		return err
	}
	op := g.batch.SetDeferred(blockKeyLen, len(head)+len(value))
	key.put(op.Key, e.log.id)
	copy(op.Value[copy(op.Value, head):], value)
	// Finish fails only for an indexed batch that is out of memory; this one is
	// not indexed.
	if err := op.Finish(); err != nil {
		panic(err)
	}
	c.add(g, e)
	c.mu.Unlock()
	return nil
}

// lockOpen locks the committer and returns the open group, which has room.
func (c *committer) lockOpen() (*group, error) {
	c.mu.Lock()
	for !c.closed && c.open.batch.Len() > groupBytes {
		c.room.Wait()
	}
	if c.closed {
		c.mu.Unlock()
		return nil, store.ErrClosed
	}
	return c.open, nil
}

func (c *committer) add(g *group, e entry) {
	g.entries = append(g.entries, e)
	if len(g.entries) == 1 {
		c.work.Signal()
	}
}

// apply hands groups to Pebble in order.
func (c *committer) apply() {
	defer close(c.inFlight)
	for {
		c.slots <- struct{}{}
		c.mu.Lock()
		for len(c.open.entries) == 0 && !c.closed {
			c.work.Wait()
		}
		g := c.open
		if len(g.entries) == 0 {
			c.mu.Unlock()
			return
		}
		if n := len(c.spare); n > 0 {
			c.open, c.spare = c.spare[n-1], c.spare[:n-1]
		} else {
			c.open = c.newGroup()
		}
		c.room.Broadcast()
		c.mu.Unlock()
		c.pace.wait(g.batch.Len())
		g.began = time.Now()
		c.s.applyBatch(g.batch)
		c.inFlight <- g
	}
}

// complete waits for the syncs, in order, and tells the outcomes.
func (c *committer) complete() {
	defer close(c.stopped)
	for g := range c.inFlight {
		err := c.s.syncBatch(g.batch, g.began, len(g.entries))
		<-c.slots
		for i := range g.entries {
			g.entries[i].finish(err)
		}
		clear(g.entries)
		g.entries = g.entries[:0]
		g.batch.Reset()
		c.mu.Lock()
		c.spare = append(c.spare, g)
		c.mu.Unlock()
	}
}

func (e *entry) finish(err error) {
	if e.wait != nil {
		e.wait(err)
		return
	}
	if e.err != nil {
		e.done(store.Appended{}, e.err)
		return
	}
	if err != nil {
		e.done(store.Appended{}, err)
		return
	}
	e.log.advance(e.tip)
	e.done(e.result, nil)
}

// close commits what is queued and stops.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.work.Broadcast()
	c.room.Broadcast()
	c.mu.Unlock()
	<-c.stopped
}
