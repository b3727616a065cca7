package kinesis

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// queueMemory is what is known of a queue: a cache of its rows, as the newest
// transaction left them.
type queueMemory struct {
	desc       *queueDescription // never modified: replaced
	generation uint64            // raised by every commit
	epoch      uint64            // of the partition's ownership in which the memory was made
	shards     []*queueShard     // by index
	turn       int               // the shard with which the next receive begins

	changed bool // by the transaction in progress
}

// queueShard is a queue's state in one shard. What lies before the cursor is
// settled, but for the items of the two machines.
type queueShard struct {
	index  uint32
	cursor store.Position
	live   *inflight.Machine // received and not settled, or restored
	// dead are the dead letters, and from its last receive on what becomes one when
	// that lease ends.
	dead *inflight.Machine

	changed bool // by the transaction in progress
}

func newQueueShard(index uint32, cursor store.Position, live, dead inflight.Counts) *queueShard {
	return &queueShard{
		index: index, cursor: cursor,
		live: inflight.New(inflight.Options{Prefix: liveItems(index)}, live),
		dead: inflight.New(inflight.Options{Prefix: deadItems(index)}, dead),
	}
}

// warm brings what comes due next into memory, where counts look for it.
func (sh *queueShard) warm(r store.Reader) error {
	for _, machine := range []*inflight.Machine{sh.live, sh.dead} {
		if _, _, err := machine.Due(r); err != nil {
			return err
		}
	}
	return nil
}

// loadQueue reads a queue's memory from its rows. errNoQueue where there are none.
func loadQueue(r store.Reader) (*queueMemory, error) {
	m := &queueMemory{desc: new(queueDescription), epoch: r.Version().Epoch}
	if err := readQueue(r, m.desc); err != nil {
		return nil, err
	}
	var err error
	if m.generation, err = readGeneration(r); err != nil {
		return nil, err
	}
	for kv, err := range r.Scan(queueShardPrefix, row.End(queueShardPrefix)) {
		if err != nil {
			return nil, err
		}
		sh, err := decodeQueueShard(kv)
		if err != nil {
			return nil, err
		}
		if err := sh.warm(r); err != nil {
			return nil, err
		}
		m.shards = append(m.shards, sh)
	}
	return m, nil
}

// readGeneration returns the number of the queue's newest commit; 0 where there is
// no queue.
func readGeneration(r store.Reader) (uint64, error) {
	b, err := r.Get(generationKey)
	if isNotFound(err) {
		return 0, nil
	}
	if err == nil && len(b) != 8 {
		err = fmt.Errorf("%w: generation of a queue", store.ErrCorrupt)
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// commit writes what the transaction changed beside items and description.
func (m *queueMemory) commit(tx store.Tx) {
	if !m.changed {
		return
	}
	m.changed = false
	for _, sh := range m.shards {
		if sh.changed {
			sh.changed = false
			tx.Set(queueShardKey(sh.index), sh.encode())
		}
	}
	m.generation++
	tx.Set(generationKey, binary.BigEndian.AppendUint64(nil, m.generation))
}

// set replaces the description.
func (m *queueMemory) set(tx store.Tx, d *queueDescription) {
	m.desc, m.changed = d, true
	tx.Set(descriptionKey, row.Encode(d))
}

// touch marks a shard as changed.
func (m *queueMemory) touch(sh *queueShard) { m.changed, sh.changed = true, true }

// shard returns the queue's state in a shard, nil where there is none.
func (m *queueMemory) shard(index uint32) *queueShard {
	if i, ok := m.search(index); ok {
		return m.shards[i]
	}
	return nil
}

// cursor returns the first position of a shard that was never received.
func (m *queueMemory) cursor(index uint32) store.Position {
	if sh := m.shard(index); sh != nil {
		return sh.cursor
	}
	return 0
}

func (m *queueMemory) search(index uint32) (int, bool) {
	return slices.BinarySearchFunc(m.shards, index, func(sh *queueShard, index uint32) int { return int(int64(sh.index) - int64(index)) })
}

// follow brings the shards to what a look at the stream found. Those that are new
// begin at their beginning: they are children of shards that the queue has. Those
// that have left the stream are forgotten.
func (m *queueMemory) follow(tx store.Tx, look *sources) error {
	for i := range look.shards {
		index := look.shards[i].index
		if at, ok := m.search(index); !ok {
			sh := newQueueShard(index, 0, inflight.Counts{}, inflight.Counts{})
			if err := sh.warm(tx); err != nil {
				return err
			}
			m.shards = slices.Insert(m.shards, at, sh)
		}
	}
	if len(m.shards) == len(look.shards) {
		return nil
	}
	m.shards = slices.DeleteFunc(m.shards, func(sh *queueShard) bool {
		if look.has(sh.index) {
			return false
		}
		sh.live.Clear(tx)
		sh.dead.Clear(tx)
		tx.Delete(queueShardKey(sh.index))
		m.changed = true
		return true
	})
	return nil
}

const queueShardVersion = 1

// encode returns the shard's row. There is one row for a state.
func (sh *queueShard) encode() []byte {
	b := make([]byte, 0, 32)
	b = append(b, queueShardVersion)
	b = binary.AppendUvarint(b, uint64(sh.cursor))
	for _, c := range []inflight.Counts{sh.live.Counts(), sh.dead.Counts()} {
		b = binary.AppendUvarint(b, uint64(c.Delivered))
		b = binary.AppendUvarint(b, uint64(c.Waiting))
	}
	return b
}

func decodeQueueShard(kv store.KeyValue) (*queueShard, error) {
	damaged := fmt.Errorf("%w: row of a queue's shard", store.ErrCorrupt)
	key, b := kv.Key[len(queueShardPrefix):], kv.Value
	if len(key) != 4 || len(b) == 0 || b[0] != queueShardVersion {
		return nil, damaged
	}
	b = b[1:]
	var f [5]uint64
	for i := range f {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, damaged
		}
		f[i], b = v, b[n:]
	}
	if len(b) > 0 {
		return nil, damaged
	}
	return newQueueShard(binary.BigEndian.Uint32(key), store.Position(f[0]),
		inflight.Counts{Delivered: int64(f[1]), Waiting: int64(f[2])},
		inflight.Counts{Delivered: int64(f[3]), Waiting: int64(f[4])}), nil
}
