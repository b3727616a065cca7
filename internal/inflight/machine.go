package inflight

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// Options configures a Machine.
type Options struct {
	// Prefix of the machine's rows in the partition.
	Prefix string
	// Window bounds how many items are in memory, about. Default 32,768.
	Window int
	// Back: an item that was received as often waits behind the backlog instead of
	// before it, so that what nobody can process stops nobody. 0: none does. It is
	// the same for as long as there are items.
	Back uint32
}

// Counts are how many items a machine has. They are not derivable without
// reading all rows, so the caller stores them in its own commit.
type Counts struct {
	Delivered int64 // received at least once, and not settled
	Waiting   int64 // never received: delayed, or put back
}

// Machine holds the items of one queue. See the package comment.
type Machine struct {
	o      Options
	counts Counts
	items  map[uint64]Item // of those whose places are in memory; and some others, up to date
	front  *Index          // delivered before the backlog
	back   *Index          // delivered in the order of time with the backlog

	keyBuf, rowBuf []byte // for one call
}

// New returns the machine whose rows are in a partition, with the counts that the
// caller stored; both are empty for a new queue. Nothing is in memory before the
// first Due, and perhaps Next.
func New(o Options, counts Counts) *Machine {
	if o.Window == 0 {
		o.Window = 32 << 10
	}
	return &Machine{
		o: o, counts: counts, items: make(map[uint64]Item),
		front: NewIndex(o.Prefix+"t/", o.Window),
		back:  NewIndex(o.Prefix+"b/", o.Window),
	}
}

// Counts returns how many items there are.
func (m *Machine) Counts() Counts { return m.counts }

// key returns the key of an item, which is valid until the next call.
func (m *Machine) key(id uint64) []byte {
	m.keyBuf = m.appendKey(m.keyBuf[:0], id)
	return m.keyBuf
}

func (m *Machine) appendKey(b []byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(append(append(b, m.o.Prefix...), "s/"...), id)
}

// Bounds returns the bounds of the rows of items with ids in [from, to); scans of
// them meet items in the order of their ids. See Decode.
func (m *Machine) Bounds(from, to uint64) (lower, upper []byte) {
	return m.appendKey(nil, from), m.appendKey(nil, to)
}

// Decode reads a row that a scan of Bounds met.
func (m *Machine) Decode(kv store.KeyValue) (Item, error) {
	skip := len(m.o.Prefix) + len("s/")
	if len(kv.Key) != skip+8 {
		return Item{}, fmt.Errorf("%w: key of an item: %q", store.ErrCorrupt, kv.Key)
	}
	return decodeItem(binary.BigEndian.Uint64(kv.Key[skip:]), kv.Value)
}

// Find returns an item, and whether there is one. As with all that reads, r shows
// what the machine wrote so far: in an Update, its Tx.
func (m *Machine) Find(r store.Reader, id uint64) (Item, bool, error) {
	if it, ok := m.items[id]; ok {
		return it, true, nil
	}
	b, err := r.Get(m.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return Item{}, false, nil
	}
	if err != nil {
		return Item{}, false, err
	}
	it, err := decodeItem(id, b)
	return it, err == nil, err
}

// index returns where an item's place is.
func (m *Machine) index(it *Item) *Index {
	if m.o.Back > 0 && it.Count >= m.o.Back {
		return m.back
	}
	return m.front
}

// Put writes an item that is new: none has its ID.
func (m *Machine) Put(tx store.Tx, it Item) {
	m.count(&it, 1)
	m.write(tx, it)
}

func (m *Machine) write(tx store.Tx, it Item) {
	if m.rowBuf == nil {
		m.rowBuf = make([]byte, 0, itemSize)
	}
	tx.Set(m.key(it.ID), it.encode(m.rowBuf))
	x, p := m.index(&it), Place{it.Visible, it.ID}
	x.Add(tx, p, tag(&it))
	if x.holds(p) {
		m.items[it.ID] = it
		m.forget()
	} else {
		delete(m.items, it.ID)
	}
}

// forget drops the items whose places have left memory.
func (m *Machine) forget() {
	if len(m.items) <= 2*m.o.Window+64 {
		return
	}
	for id, it := range m.items {
		if !m.index(&it).holds(Place{it.Visible, id}) {
			delete(m.items, id)
		}
	}
}

// Remove settles an item: it is gone. it is as Find or Next returned it.
func (m *Machine) Remove(tx store.Tx, it Item) {
	m.count(&it, -1)
	tx.Delete(m.key(it.ID))
	m.index(&it).Remove(tx, Place{it.Visible, it.ID})
	delete(m.items, it.ID)
}

// Change replaces an item. was is as Find or Next returned it, and has the same
// id.
func (m *Machine) Change(tx store.Tx, was, it Item) {
	m.count(&was, -1)
	m.count(&it, 1)
	m.index(&was).Remove(tx, Place{was.Visible, was.ID})
	m.write(tx, it)
}

func (m *Machine) count(it *Item, n int64) {
	if it.Delivered() {
		m.counts.Delivered += n
	} else {
		m.counts.Waiting += n
	}
}

// Deliver leases an item until a time and returns it as it is then. For one that
// was not known before, was holds its ID and Place alone and fresh is set. An ID
// that is used again after Remove gets leases that it had, unless was brings the
// last one along.
func (m *Machine) Deliver(tx store.Tx, was Item, fresh bool, now, until int64) Item {
	it := was
	it.Visible, it.Last = until, now
	it.Count++
	it.Lease = Lease{tx.Version().Epoch, was.Lease.N + 1}
	if it.First == 0 {
		it.First = now
	}
	if fresh {
		m.Put(tx, it)
	} else {
		m.Change(tx, was, it)
	}
	return it
}

// Next returns the item that is to be delivered next, and whether there is one:
// the first whose time has come. One that waits behind the backlog counts only if
// its time is not after that of the backlog's head, backlog; math.MaxInt64 for no
// backlog. It changes nothing: the caller delivers, changes or removes the item.
func (m *Machine) Next(r store.Reader, now, backlog int64) (Item, bool, error) {
	p, ok, err := m.front.First(r)
	if err != nil {
		return Item{}, false, err
	}
	if !ok || p.At > now {
		if p, ok, err = m.back.First(r); err != nil || !ok || p.At > now || p.At > backlog {
			return Item{}, false, err
		}
	}
	it, ok := m.items[p.ID]
	if !ok {
		if it, ok, err = m.Find(r, p.ID); err != nil {
			return Item{}, false, err
		}
		if !ok || it.Visible != p.At {
			return Item{}, false, fmt.Errorf("%w: item %d has a place and no such row", store.ErrCorrupt, p.ID)
		}
		m.items[p.ID] = it
	}
	return it, true, nil
}

// Due returns when the next item can be delivered, which may be past, and whether
// there is one.
func (m *Machine) Due(r store.Reader) (int64, bool, error) {
	p, ok, err := m.front.First(r)
	if err != nil {
		return 0, false, err
	}
	q, other, err := m.back.First(r)
	if err != nil {
		return 0, false, err
	}
	if other && (!ok || q.At < p.At) {
		p, ok = q, true
	}
	return p.At, ok, nil
}

// Visible returns how many of the counts' items can be delivered now, of those in
// memory: none before the first Due, then all as long as there were no more than
// half the window. It costs a step for each item in memory.
func (m *Machine) Visible(now int64) (c Counts) {
	for _, x := range []*Index{m.front, m.back} {
		c.Delivered += x.Until(now, delivered)
		c.Waiting += x.Until(now, waiting)
	}
	return c
}

// Ready yields, in no order, the IDs of the items that were delivered and whose
// time has come. Beyond the window it does not look.
func (m *Machine) Ready(now int64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, x := range []*Index{m.front, m.back} {
			for id := range x.Up(now, delivered) {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// Known yields, in no order, the IDs of the items whose places are in memory.
func (m *Machine) Known() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, x := range []*Index{m.front, m.back} {
			for p := range x.live {
				if !yield(p.ID) {
					return
				}
			}
		}
	}
}

// Lowest returns the lowest ID of those that Known yields, and whether there is
// one.
func (m *Machine) Lowest() (id uint64, ok bool) {
	for known := range m.Known() {
		if !ok || known < id {
			id, ok = known, true
		}
	}
	return id, ok
}

// Tags of places.
const (
	waiting   = 0
	delivered = 1
)

func tag(it *Item) byte {
	if it.Delivered() {
		return delivered
	}
	return waiting
}

// Clear forgets all items and removes their rows.
func (m *Machine) Clear(tx store.Tx) {
	lower := append([]byte(m.o.Prefix), "s/"...)
	tx.DeleteRange(lower, row.End(lower))
	m.front.Clear(tx)
	m.back.Clear(tx)
	m.items, m.counts = make(map[uint64]Item), Counts{}
}
