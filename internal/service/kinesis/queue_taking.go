package kinesis

import (
	"math"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// taking is one receive while it runs inside queue.update. Times are milliseconds
// since 1970.
type taking struct {
	dead  bool // of dead letters
	now   int64
	until int64 // when what is delivered can be had again
	max   int   // records
	room  int64 // records that may come into flight still
	full  bool  // that ended the receive
	gone  int   // records past retention that were met, and removed
	out   []delivery
}

// delivery is a record that a receive hands out: which, and the lease.
type delivery struct {
	shard uint32
	item  inflight.Item // its ID is the position in the shard's log
	dead  bool
}

func (d *delivery) position() store.Position { return store.Position(d.item.ID) }

// maxGone bounds the expired records that one receive removes: behind more of
// them the sweep has to go first.
const maxGone = 1000

// more reports whether the receive goes on.
func (t *taking) more() bool { return len(t.out) < t.max && !t.full && t.gone < maxGone }

// take counts a record that comes into flight, and reports whether it may.
func (t *taking) take() bool {
	if t.room <= 0 {
		t.full = true
		return false
	}
	t.room--
	return true
}

// receive delivers records: first those that have come due, then new ones. Each
// receive begins with another shard.
func (m *queueMemory) receive(tx store.Tx, look *sources, t *taking, limit int64) error {
	t.room = limit - m.inFlight(t.now, limit-int64(t.max))
	n := len(look.shards)
	for i := range n {
		s := &look.shards[(m.turn+i)%n]
		if err := m.receiveDue(tx, m.shard(s.index), s.log.State().First, t); err != nil {
			return err
		}
	}
	if !t.dead {
		for i := range n {
			s := &look.shards[(m.turn+i)%n]
			m.receiveNew(tx, m.shard(s.index), s.log.State(), t)
		}
	}
	m.turn = (m.turn + 1) % max(n, 1)
	return nil
}

// receiveDue delivers what has come due of a shard.
func (m *queueMemory) receiveDue(tx store.Tx, sh *queueShard, first store.Position, t *taking) error {
	from := sh.live
	if t.dead {
		from = sh.dead
	}
	if empty(from) {
		return nil
	}
	for t.more() {
		it, ok, err := from.Next(tx, t.now, math.MaxInt64)
		if err != nil || !ok {
			return err
		}
		switch {
		case store.Position(it.ID) < first:
			from.Remove(tx, it)
			t.gone++
		case !t.dead && m.dies(it.Count):
			// The limit was lowered since it was received last.
			from.Remove(tx, it)
			sh.dead.Put(tx, it)
		case t.take():
			m.deliver(tx, sh, it, false, t)
		default:
			return nil
		}
		m.touch(sh)
	}
	return nil
}

// receiveNew delivers from the cursor on.
func (m *queueMemory) receiveNew(tx store.Tx, sh *queueShard, log store.LogState, t *taking) {
	for at := max(sh.cursor, log.First); at < log.Next && t.more() && t.take(); at++ {
		sh.cursor = at + 1
		m.deliver(tx, sh, inflight.Item{ID: uint64(at)}, true, t)
		m.touch(sh)
	}
}

// deliver leases a record. One that is received for the last time joins the dead
// letters with this lease: it is one when the lease ends, unless its receipt
// settles it before.
func (m *queueMemory) deliver(tx store.Tx, sh *queueShard, it inflight.Item, fresh bool, t *taking) {
	switch {
	case t.dead:
		it = sh.dead.Deliver(tx, it, false, t.now, t.until)
	case m.dies(it.Count + 1):
		if !fresh {
			sh.live.Remove(tx, it)
		}
		it = sh.dead.Deliver(tx, it, true, t.now, t.until)
	default:
		it = sh.live.Deliver(tx, it, fresh, t.now, t.until)
	}
	t.out = append(t.out, delivery{sh.index, it, t.dead})
}

// dies reports whether a record becomes a dead letter after so many receives.
func (m *queueMemory) dies(receives uint32) bool {
	return m.desc.MaxReceives > 0 && receives >= m.desc.MaxReceives
}

// inFlight returns how many records are leased. Up to enough the number may be too
// high: those that have come due are counted only beyond.
func (m *queueMemory) inFlight(now, enough int64) int64 {
	n := int64(0)
	for _, sh := range m.shards {
		n += sh.live.Counts().Delivered + sh.dead.Counts().Delivered
	}
	if n <= enough {
		return n
	}
	for _, sh := range m.shards {
		for _, machine := range []*inflight.Machine{sh.live, sh.dead} {
			n -= machine.Visible(now).Delivered
		}
	}
	return n
}

// ready returns when there is something to receive, which may be past, and
// whether there will be without a new record.
func (m *queueMemory) ready(r store.Reader, look *sources, dead bool, now int64) (at int64, ok bool, err error) {
	for _, sh := range m.shards {
		machine := sh.live
		if dead {
			machine = sh.dead
		}
		if empty(machine) {
			continue
		}
		due, some, err := machine.Due(r)
		if err != nil {
			return 0, false, err
		}
		if some && (!ok || due < at) {
			at, ok = due, true
		}
	}
	if dead || look == nil {
		return at, ok, nil
	}
	for i := range look.shards {
		s := &look.shards[i]
		if log := s.log.State(); max(m.cursor(s.index), log.First) < log.Next {
			return now, true, nil
		}
	}
	return at, ok, nil
}

func empty(m *inflight.Machine) bool { return m.Counts() == inflight.Counts{} }

// expire removes what has left the stream by retention, at most limit items, and
// returns how many. Fewer than limit: there are no more.
func (m *queueMemory) expire(tx store.Tx, look *sources, limit int) (int, error) {
	n := 0
	for i := range look.shards {
		sh, first := m.shard(look.shards[i].index), look.shards[i].log.State().First
		for _, machine := range []*inflight.Machine{sh.live, sh.dead} {
			if empty(machine) {
				continue
			}
			var old []inflight.Item
			for kv, err := range tx.Scan(machine.Bounds(0, uint64(first))) {
				if err != nil {
					return n, err
				}
				if n+len(old) == limit {
					break
				}
				it, err := machine.Decode(kv)
				if err != nil {
					return n, err
				}
				old = append(old, it)
			}
			for _, it := range old {
				machine.Remove(tx, it)
				m.touch(sh)
			}
			n += len(old)
		}
	}
	return n, nil
}
