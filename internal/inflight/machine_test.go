package inflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

// ledger is the model of a Machine.
type ledger struct {
	back  uint32
	items map[uint64]Item
	fresh uint64 // the last id that was used
}

func (l *ledger) clone() *ledger {
	return &ledger{l.back, maps.Clone(l.items), l.fresh}
}

func (l *ledger) waitsBehind(it Item) bool { return l.back > 0 && it.Count >= l.back }

// next returns what should be delivered next.
func (l *ledger) next(now, backlog int64) (Item, bool) {
	due := slices.DeleteFunc(slices.Collect(maps.Values(l.items)), func(it Item) bool {
		return it.Visible > now || l.waitsBehind(it) && it.Visible > backlog
	})
	if len(due) == 0 {
		return Item{}, false
	}
	return slices.MinFunc(due, func(a, b Item) int {
		if l.waitsBehind(a) != l.waitsBehind(b) {
			if l.waitsBehind(a) {
				return 1
			}
			return -1
		}
		return Place{a.Visible, a.ID}.compare(Place{b.Visible, b.ID})
	}), true
}

func (l *ledger) counts(now int64) (c Counts) {
	for _, it := range l.items {
		switch {
		case it.Visible > now:
		case it.Delivered():
			c.Delivered++
		default:
			c.Waiting++
		}
	}
	return c
}

// some returns an item, and false where there is none.
func (l *ledger) some(r *rand.Rand) (Item, bool) {
	ids := slices.Sorted(maps.Keys(l.items))
	if len(ids) == 0 {
		return Item{}, false
	}
	return l.items[ids[r.IntN(len(ids))]], true
}

// check compares a machine with the model.
func (l *ledger) check(r store.Reader, m *Machine, now, backlog int64) error {
	it, ok, err := m.Next(r, now, backlog)
	if err != nil {
		return err
	}
	if want, wantOK := l.next(now, backlog); ok != wantOK || it != want {
		return fmt.Errorf("Next(%d, %d) = %+v, %v; want %+v, %v", now, backlog, it, ok, want, wantOK)
	}
	due, ok, err := m.Due(r)
	if err != nil {
		return err
	}
	want := int64(math.MaxInt64)
	for _, it := range l.items {
		want = min(want, it.Visible)
	}
	if ok != (len(l.items) > 0) || ok && due != want {
		return fmt.Errorf("Due = %d, %v; want %d of %d", due, ok, want, len(l.items))
	}
	if got, want := m.Counts(), l.counts(math.MaxInt64); got != want {
		return fmt.Errorf("Counts = %+v, want %+v", got, want)
	}
	got, all := m.Visible(now), l.counts(now)
	whole := m.front.horizon == end && m.back.horizon == end
	if got != all && (whole || got.Delivered > all.Delivered || got.Waiting > all.Waiting) {
		return fmt.Errorf("Visible = %+v of %+v, all in memory %v", got, all, whole)
	}
	return l.memory(m)
}

// memory checks that what is in memory is true and bounded.
func (l *ledger) memory(m *Machine) error {
	for id, it := range m.items {
		if l.items[id] != it {
			return fmt.Errorf("in memory %+v, should be %+v", it, l.items[id])
		}
	}
	if n := entries(m); n > maxEntries(m.o.Window) {
		return fmt.Errorf("%d entries in a window of %d", n, m.o.Window)
	}
	return nil
}

// entries is how many things a machine has in memory.
func entries(m *Machine) int {
	return len(m.items) + len(m.front.live) + len(m.front.heap) + len(m.back.live) + len(m.back.heap)
}

// maxEntries bounds entries: each index has a window and a heap of twice that,
// and the items are those of both.
func maxEntries(window int) int { return (2*window + 65) + 2*(window+2*window+65) }

// scan compares the rows with the model.
func (l *ledger) scan(r store.Reader, m *Machine) error {
	var got []Item
	for kv, err := range r.Scan(m.Bounds(0, math.MaxUint64)) {
		if err != nil {
			return err
		}
		it, err := m.Decode(kv)
		if err != nil {
			return err
		}
		got = append(got, it)
	}
	if len(got) != len(l.items) || !slices.IsSortedFunc(got, func(a, b Item) int { return int(a.ID) - int(b.ID) }) {
		return fmt.Errorf("rows of %d items, want %d, in order", len(got), len(l.items))
	}
	for _, it := range got {
		if l.items[it.ID] != it {
			return fmt.Errorf("row of %+v, want %+v", it, l.items[it.ID])
		}
	}
	return nil
}

// given is a lease that was handed out.
type given struct {
	id    uint64
	lease Lease
}

// player makes random calls of a machine and its model.
type player struct {
	r      *rand.Rand
	m      *Machine
	l      *ledger
	now    int64
	leases map[given]bool
	mine   []given // of the transaction in progress
}

func (p *player) step(tx store.Tx) error {
	later := p.now + p.r.Int64N(30)
	switch p.r.IntN(10) {
	case 0, 1:
		p.l.fresh++
		it := Item{ID: p.l.fresh, Visible: later, Place: p.r.Uint64()}
		p.m.Put(tx, it)
		p.l.items[it.ID] = it
	case 2, 3:
		p.l.fresh++
		p.deliver(tx, Item{ID: p.l.fresh, Place: p.r.Uint64()}, true, later)
	case 4, 5, 6:
		backlog := p.now - 20 + p.r.Int64N(25)
		if err := p.l.check(tx, p.m, p.now, backlog); err != nil {
			return err
		}
		if it, ok := p.l.next(p.now, backlog); ok {
			p.deliver(tx, it, false, later)
		}
	default:
		it, ok := p.l.some(p.r)
		if !ok {
			return nil
		}
		if got, ok, err := p.m.Find(tx, it.ID); !ok || err != nil || got != it {
			return fmt.Errorf("Find = %+v, %v, %v; want %+v", got, ok, err, it)
		}
		if p.r.IntN(2) == 0 {
			p.m.Remove(tx, it)
			delete(p.l.items, it.ID)
			break
		}
		changed := it
		changed.Visible = later
		if p.r.IntN(4) == 0 {
			changed.Count = p.r.Uint32N(6)
		}
		p.m.Change(tx, it, changed)
		p.l.items[it.ID] = changed
	}
	return p.l.memory(p.m)
}

func (p *player) deliver(tx store.Tx, was Item, fresh bool, until int64) {
	it := p.m.Deliver(tx, was, fresh, p.now, until)
	p.l.items[it.ID] = it
	p.mine = append(p.mine, given{it.ID, it.Lease})
}

func TestMachineAgainstModel(t *testing.T) {
	for _, o := range []Options{
		{Prefix: "x/", Window: 1, Back: 2}, {Prefix: "x/", Window: 2, Back: 3}, {Prefix: "x/", Window: 3},
		{Prefix: "x/", Window: 8, Back: 1}, {Prefix: "x/", Back: 3},
	} {
		t.Run(fmt.Sprintf("window %d, back %d", o.Window, o.Back), func(t *testing.T) {
			s := memstore.New(memstore.Options{})
			defer func() { _ = s.Close() }()
			p := &player{
				r: rand.New(rand.NewPCG(uint64(o.Window), uint64(o.Back))), m: New(o, Counts{}), now: 1000,
				l: &ledger{back: o.Back, items: map[uint64]Item{}}, leases: map[given]bool{},
			}
			for range 1200 {
				p.now += p.r.Int64N(4)
				before, counts, failing := p.l.clone(), p.m.Counts(), p.r.IntN(10) == 0
				p.mine = nil
				err := s.Partition("p").Update(context.Background(), func(tx store.Tx) error {
					for range p.r.IntN(8) {
						if err := p.step(tx); err != nil {
							return err
						}
					}
					if p.r.IntN(200) == 0 {
						p.m.Clear(tx)
						clear(p.l.items)
					}
					if failing {
						return errRollback
					}
					return p.l.check(tx, p.m, p.now, math.MaxInt64)
				})
				switch {
				case failing && errors.Is(err, errRollback):
					p.l, p.m = before, New(o, counts)
				case err != nil:
					t.Fatal(err)
				default:
					for _, g := range p.mine {
						if p.leases[g] {
							t.Fatalf("lease %+v was given twice", g)
						}
						p.leases[g] = true
					}
				}
				switch p.r.IntN(60) {
				case 0:
					s = s.Reopen()
					p.m = New(o, p.m.Counts())
				case 1, 2, 3:
					p.m = New(o, p.m.Counts())
				case 4, 5:
					view(t, s.Partition("p"), func(r store.Reader) error { return p.l.scan(r, p.m) })
				}
			}
		})
	}
}

// TestLeaseAfterCrash: a lease that a crash took back is not given out again.
func TestLeaseAfterCrash(t *testing.T) {
	s := memstore.New(memstore.Options{})
	defer func() { _ = s.Close() }()
	deliver := func(s *memstore.Store, fresh bool) (it Item) {
		update(t, s.Partition("p"), func(tx store.Tx) error {
			m, was := New(Options{}, Counts{}), Item{ID: 1}
			if !fresh {
				var err error
				if was, _, err = m.Find(tx, 1); err != nil {
					return err
				}
			}
			it = m.Deliver(tx, was, fresh, 10, 20)
			return nil
		})
		return it
	}
	first := deliver(s, true)
	before := s.CrashClone(0, rand.New(rand.NewPCG(1, 1)))
	defer func() { _ = before.Close() }()
	lost, again := deliver(s, false), deliver(before, false)
	if lost.Lease == again.Lease || lost.Lease == first.Lease || again.Lease == first.Lease {
		t.Errorf("leases %v, %v (lost) and %v", first.Lease, lost.Lease, again.Lease)
	}
	if lost.Count != 2 || again.Count != 2 || again.First != 10 {
		t.Errorf("%+v and %+v", lost, again)
	}
}

func TestMachineDamage(t *testing.T) {
	for name, damage := range map[string]func(tx store.Tx, m *Machine){
		"no row":     func(tx store.Tx, m *Machine) { tx.Delete(m.key(1)) },
		"bad row":    func(tx store.Tx, m *Machine) { tx.Set(m.key(1), []byte{9}) },
		"other time": func(tx store.Tx, m *Machine) { tx.Set(m.key(1), (&Item{Visible: 6}).encode(nil)) },
		"bad place":  func(tx store.Tx, _ *Machine) { tx.Set([]byte("x/t/1"), []byte{1}) },
		"place after": func(tx store.Tx, _ *Machine) {
			tx.Set([]byte("x/b/1"), []byte{1})
			tx.DeleteRange([]byte("x/t/"), []byte("x/t0"))
		},
	} {
		update(t, newPartition(t), func(tx store.Tx) error {
			m := New(Options{Prefix: "x/"}, Counts{})
			m.Put(tx, Item{ID: 1, Visible: 5})
			damage(tx, m)
			if it, ok, err := m.Next(tx, 10, math.MaxInt64); ok || !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s: Next = %+v, %v, %v", name, it, ok, err)
			}
			return nil
		})
	}
	m := New(Options{Prefix: "x/"}, Counts{})
	for _, kv := range []store.KeyValue{
		{Key: []byte("x/"), Value: items[1].encode(nil)},
		{Key: []byte("x/s/123456789"), Value: items[1].encode(nil)},
		{Key: []byte("x/s/12345678"), Value: nil},
	} {
		if it, err := m.Decode(kv); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("Decode of %q = %+v, %v", kv.Key, it, err)
		}
	}
}

// TestMemoryIsBounded puts a million items at random times, and counts what is in
// memory.
func TestMemoryIsBounded(t *testing.T) {
	const window, n = 1000, 1_000_000
	r := rand.New(rand.NewPCG(3, 3))
	m := New(Options{Window: window, Back: 3}, Counts{})
	if _, _, err := m.Due(discard{}); err != nil { // from here on it holds what it can
		t.Fatal(err)
	}
	most, last := 0, Item{}
	for id := range uint64(n) {
		it := Item{ID: id, Visible: r.Int64N(1 << 40), Count: r.Uint32N(5)}
		m.Put(discard{}, it)
		switch r.IntN(10) {
		case 0:
			m.Remove(discard{}, last)
		case 1:
			moved := last
			moved.Visible = r.Int64N(1 << 40)
			m.Change(discard{}, last, moved)
		}
		last = it
		most = max(most, entries(m))
	}
	if most > maxEntries(window) {
		t.Errorf("%d entries in memory, want at most %d", most, maxEntries(window))
	}
	if got := m.Counts().Delivered + m.Counts().Waiting; got < n*8/10 {
		t.Errorf("%d items", got)
	}
}
