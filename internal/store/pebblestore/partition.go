package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// partition implements store.Partition. It is a name: what is known of it is in
// a partitionState, which exists while the partition holds keys or is in use.
type partition struct {
	s     *Store
	name  string
	known atomic.Pointer[partitionState]
}

// partitionState is a partition in memory.
type partitionState struct {
	name string

	write  sync.Mutex // held by the one update that runs
	lastID uint64     // as of the newest update; 0 where there is no row. Under write.

	mu       sync.Mutex
	gone     bool // no longer the state of its name: look it up again
	users    int  // updates that run or wait
	durable  partitionVersion
	inFlight []*inFlight // updates that are applied and not known to be durable, in order
	changed  chan struct{}
}

// partitionVersion is one state of a partition: its id and its version.
type partitionVersion struct {
	id uint64
	n  uint64
}

// inFlight is an update between its application and its durability. before is
// the database without it, which is what readers see meanwhile.
type inFlight struct {
	before *snapshot
	after  partitionVersion
}

// snapshot is a Pebble snapshot that several readers share.
type snapshot struct {
	*pebble.Snapshot
	refs atomic.Int32
}

func (s *Store) snapshot() *snapshot {
	snap := &snapshot{Snapshot: s.db.NewSnapshot()}
	snap.refs.Store(1)
	return snap
}

func (s *snapshot) release() {
	if s.refs.Add(-1) == 0 {
		// Close only fails for a snapshot that is closed already.
		if err := s.Snapshot.Close(); err != nil {
			panic(err)
		}
	}
}

func (p *partition) Name() string { return p.name }

func (p *partition) wrap(action string, err error) error {
	return fmt.Errorf("%s partition %s: %w", action, p.name, err)
}

// Update runs f and commits what it wrote.
func (p *partition) Update(ctx context.Context, f func(tx store.Tx) error) error {
	return p.update(ctx, func(st *partitionState) (*pebble.Batch, uint64, error) {
		id, create := st.lastID, ""
		if id == 0 {
			id, create = p.s.newID(), p.name
		}
		b := p.s.db.NewIndexedBatch()
		tx := newTx(p.s, b, id, p.s.version(st.newest()), create)
		err := f(tx)
		if err == nil {
			err = tx.err
		}
		return b, id, err
	})
}

// Drop removes all keys and the name.
func (p *partition) Drop(ctx context.Context) error {
	err := p.update(store.Freeing(ctx), func(st *partitionState) (*pebble.Batch, uint64, error) {
		b := p.s.db.NewBatch()
		if st.lastID != 0 {
			prefix := appendID(nil, kindPartition, st.lastID)
			mustDeleteRange(b, prefix, prefixEnd(prefix))
			mustDelete(b, nameKey(kindPartitionName, p.name))
		}
		return b, 0, nil
	})
	if err != nil {
		return p.wrap("drop", err)
	}
	return nil
}

// update serialises writers: write makes a batch and tells the partition's id
// after it.
func (p *partition) update(ctx context.Context, write func(st *partitionState) (*pebble.Batch, uint64, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkName(p.name); err != nil {
		return p.wrap("update", err)
	}
	if err := p.s.enter(); err != nil {
		return p.wrap("update", err)
	}
	defer p.s.leave()
	st, err := p.acquire()
	if err != nil {
		return p.wrap("update", err)
	}
	defer p.release(st)

	began := time.Now()
	b, fly, err := p.apply(ctx, st, write)
	if fly == nil {
		// What was read may not be durable yet, and the caller may tell of it.
		if syncErr := st.settled(p.s); syncErr != nil {
			return p.wrap("update", syncErr)
		}
		_ = b.Close() // it has nothing to lose
		return err
	}
	if err := p.s.syncBatch(b, began, 1); err != nil {
		return p.wrap("update", err) // b is left to Pebble, which may still use it
	}
	st.complete(fly)
	return b.Close()
}

// apply runs write and applies its batch under the write lock. A nil inFlight
// means that there was nothing to write.
func (p *partition) apply(ctx context.Context, st *partitionState, write func(st *partitionState) (*pebble.Batch, uint64, error)) (*pebble.Batch, *inFlight, error) {
	st.write.Lock()
	defer st.write.Unlock()
	b, id, err := write(st)
	if err != nil || b.Empty() {
		return b, nil, err
	}
	if !store.IsFreeing(ctx) {
		if err := p.s.refuse(); err != nil {
			return b, nil, p.wrap("update", err)
		}
	}
	fly := &inFlight{}
	st.mu.Lock()
	fly.before = p.s.snapshot()
	fly.after = partitionVersion{id: id, n: p.s.versions.Add(1)}
	st.inFlight = append(st.inFlight, fly)
	st.mu.Unlock()
	st.lastID = id
	p.s.applyBatch(b)
	return b, fly, nil
}

// newest is the state that the next update builds on. The write lock is held.
func (st *partitionState) newest() partitionVersion {
	st.mu.Lock()
	defer st.mu.Unlock()
	if n := len(st.inFlight); n > 0 {
		return st.inFlight[n-1].after
	}
	return st.durable
}

// settled waits until every update that was applied so far is durable.
func (st *partitionState) settled(s *Store) error {
	st.mu.Lock()
	busy := len(st.inFlight) > 0
	st.mu.Unlock()
	if !busy {
		return nil
	}
	// The write-ahead log keeps its order: a later record that is synced says
	// that the earlier ones are.
	b := s.db.NewBatch()
	defer b.Close()
	if err := b.LogData(nil, nil); err != nil {
		return err
	}
	return s.commit(b)
}

// complete makes an update, and those before it, the durable state.
func (st *partitionState) complete(fly *inFlight) {
	st.mu.Lock()
	defer st.mu.Unlock()
	done := 0
	for i, f := range st.inFlight {
		if f == fly {
			done = i + 1
			break
		}
	}
	if done == 0 {
		return // a later update completed it
	}
	for _, f := range st.inFlight[:done] {
		f.before.release()
	}
	st.inFlight = append(st.inFlight[:0], st.inFlight[done:]...)
	st.durable = fly.after
	if st.changed != nil {
		close(st.changed)
		st.changed = nil
	}
}

// View runs f on the newest durable state.
func (p *partition) View(ctx context.Context, f func(r store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.s.enter(); err != nil {
		return p.wrap("view", err)
	}
	defer p.s.leave()
	st, err := p.lookup()
	if err != nil {
		return p.wrap("view", err)
	}
	snap, v := p.s.view(st)
	defer snap.release()
	r := newReader(p.s, snap.Snapshot, v.id, p.s.version(v))
	return f(r)
}

// view returns the durable state of a partition; nil is one that holds nothing.
func (s *Store) view(st *partitionState) (*snapshot, partitionVersion) {
	if st == nil {
		return s.snapshot(), partitionVersion{n: s.versions.Load()}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.inFlight) == 0 {
		return s.snapshot(), st.durable
	}
	snap := st.inFlight[0].before
	snap.refs.Add(1)
	return snap, st.durable
}

func (p *partition) Version() store.Version {
	st, err := p.lookup()
	if err != nil || st == nil {
		return p.s.version(partitionVersion{n: p.s.versions.Load()})
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return p.s.version(st.durable)
}

func (p *partition) Changed() <-chan struct{} {
	st, err := p.acquire()
	if err != nil {
		// Whoever waits looks again and meets the error.
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	defer p.release(st)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.changed == nil {
		st.changed = make(chan struct{})
	}
	return st.changed
}

// lookup returns the partition's state, or nil where it holds nothing and
// nobody uses it. A name that someone made up leaves nothing in memory.
func (p *partition) lookup() (*partitionState, error) {
	if st := p.known.Load(); st != nil {
		st.mu.Lock()
		gone := st.gone
		st.mu.Unlock()
		if !gone {
			return st, nil
		}
	}
	st, err := p.s.partitionState(p.name, false)
	if st != nil {
		p.known.Store(st)
	}
	return st, err
}

// acquire returns the partition's state and keeps it in memory until release.
func (p *partition) acquire() (*partitionState, error) {
	for {
		st, err := p.s.partitionState(p.name, true)
		if err != nil {
			return nil, err
		}
		st.mu.Lock()
		if !st.gone {
			st.users++
			st.mu.Unlock()
			p.known.Store(st)
			return st, nil
		}
		st.mu.Unlock()
	}
}

// release forgets a state that is no longer needed.
func (p *partition) release(st *partitionState) {
	p.s.partitionsMu.Lock()
	defer p.s.partitionsMu.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.users--
	if st.users == 0 && st.durable.id == 0 && len(st.inFlight) == 0 && st.changed == nil {
		st.gone = true
		delete(p.s.partitions, p.name)
	}
}

// partitionState returns the state of a name. Where it has none in memory it is
// made from the catalogue, or, if make is set, as that of an empty partition.
func (s *Store) partitionState(name string, make bool) (*partitionState, error) {
	s.partitionsMu.Lock()
	defer s.partitionsMu.Unlock()
	if st := s.partitions[name]; st != nil {
		return st, nil
	}
	var id uint64
	// A name without a state has no update under way: its row is durable.
	row, err := s.get(nameKey(kindPartitionName, name))
	switch {
	case err == nil:
		if id, err = parseNumber(row); err != nil {
			return nil, s.damagedRow("partition "+name, err)
		}
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	case !make:
		return nil, nil
	}
	st := &partitionState{name: name, lastID: id, durable: partitionVersion{id: id, n: s.versions.Load()}}
	s.partitions[name] = st
	return st, nil
}
