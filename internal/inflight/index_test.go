package inflight

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/memstore"
)

var errRollback = errors.New("rolled back")

func newPartition(t testing.TB) store.Partition {
	s := memstore.New(memstore.Options{})
	t.Cleanup(func() { _ = s.Close() })
	return s.Partition("p")
}

func update(t testing.TB, p store.Partition, f func(tx store.Tx) error) {
	t.Helper()
	if err := p.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, p store.Partition, f func(r store.Reader) error) {
	t.Helper()
	if err := p.View(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// set is the model of an Index.
type set map[Place]byte

func (s set) sorted() []Place {
	all := make([]Place, 0, len(s))
	for p := range s {
		all = append(all, p)
	}
	slices.SortFunc(all, Place.compare)
	return all
}

func (s set) until(at int64, tag byte) (n int64) {
	for p, t := range s {
		if p.At <= at && t == tag {
			n++
		}
	}
	return n
}

// check compares an index with its model.
func (s set) check(r store.Reader, x *Index) error {
	p, ok, err := x.First(r)
	if err != nil {
		return err
	}
	if all := s.sorted(); ok != (len(all) > 0) || ok && p != all[0] {
		return fmt.Errorf("First = %v, %v; the set is %v", p, ok, all)
	}
	return s.invariants(x)
}

// invariants checks what is in memory.
func (s set) invariants(x *Index) error {
	if len(x.live) > x.window || len(x.heap) > 2*x.window+65 {
		return fmt.Errorf("%d places and a heap of %d in a window of %d", len(x.live), len(x.heap), x.window)
	}
	for p, tag := range s {
		if got, ok := x.live[p]; ok != x.holds(p) || ok && got != tag {
			return fmt.Errorf("place %v has tag %d: in memory %v with tag %d, horizon %v", p, tag, ok, got, x.horizon)
		}
	}
	for p := range x.live {
		if _, ok := s[p]; !ok {
			return fmt.Errorf("place %v is in memory and not in the set", p)
		}
	}
	for at := int64(0); at < 20; at += 5 {
		got, want := x.Until(at, 1), s.until(at, 1)
		if got > want || got < want && x.loaded && x.horizon == end {
			return fmt.Errorf("Until(%d) = %d of %d", at, got, want)
		}
	}
	return nil
}

func TestIndexAgainstModel(t *testing.T) {
	for _, window := range []int{0, 1, 2, 3, 8, 1000} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(window), 7))
			p, model := newPartition(t), set{}
			x := NewIndex("i/", window)
			place := func() Place { return Place{r.Int64N(20), r.Uint64N(4)} }
			for step := range 1500 {
				adds := 2 + step/100%2*5 // it grows, then falls
				update(t, p, func(tx store.Tx) error {
					for range r.IntN(8) {
						switch q := place(); {
						case r.IntN(9) < adds:
							tag := byte(r.IntN(2))
							x.Add(tx, q, tag)
							model[q] = tag
						case r.IntN(4) == 0:
							x.Remove(tx, q) // mostly not there
							delete(model, q)
						default:
							if q, ok, err := x.First(tx); err != nil {
								return err
							} else if ok {
								x.Remove(tx, q)
								delete(model, q)
							}
						}
						if err := model.invariants(x); err != nil {
							return fmt.Errorf("step %d: %w", step, err)
						}
						if r.IntN(2) == 0 {
							if err := model.check(tx, x); err != nil {
								return fmt.Errorf("step %d: %w", step, err)
							}
						}
					}
					return nil
				})
				if r.IntN(5) == 0 {
					x = NewIndex("i/", window)
				}
				if r.IntN(3) == 0 {
					view(t, p, func(r store.Reader) error { return model.check(r, x) })
				}
				if r.IntN(20) == 0 {
					drain(t, p, x, model)
					x = NewIndex("i/", window)
				}
			}
		})
	}
}

// drain takes everything out of an index, in order, and rolls back.
func drain(t *testing.T, p store.Partition, x *Index, model set) {
	t.Helper()
	err := p.Update(context.Background(), func(tx store.Tx) error {
		for _, want := range model.sorted() {
			if got, ok, err := x.First(tx); !ok || err != nil || got != want {
				return fmt.Errorf("First = %v, %v, %v; want %v", got, ok, err, want)
			}
			x.Remove(tx, want)
		}
		if got, ok, err := x.First(tx); ok || err != nil {
			return fmt.Errorf("First of none = %v, %v, %v", got, ok, err)
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Fatal(err)
	}
}

// TestIndexSamePlace: a place that is taken out and put back does not make the
// heap grow.
func TestIndexSamePlace(t *testing.T) {
	x := NewIndex("i/", 1000)
	if _, _, err := x.First(discard{}); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		p := Place{int64(i % 3), 1}
		x.Remove(discard{}, p)
		x.Add(discard{}, p, 0)
	}
	if len(x.live) != 3 || len(x.heap) > 2*3+65 {
		t.Errorf("%d places and a heap of %d", len(x.live), len(x.heap))
	}
}

// broken fails a scan after some rows.
type broken struct {
	store.Tx
	after int
}

func (b broken) Scan(from, to []byte) iter.Seq2[store.KeyValue, error] {
	return func(yield func(store.KeyValue, error) bool) {
		n := 0
		for kv, err := range b.Tx.Scan(from, to) {
			if n++; n > b.after {
				yield(store.KeyValue{}, errRollback)
				return
			}
			if !yield(kv, err) {
				return
			}
		}
	}
}

// TestIndexReadFails: a read that failed half way is as if it had not been.
func TestIndexReadFails(t *testing.T) {
	for _, begun := range []bool{false, true} {
		p, model, x := newPartition(t), set{}, NewIndex("i/", 8)
		update(t, p, func(tx store.Tx) error {
			add := func(at int64) {
				x.Add(tx, Place{at, 1}, 1)
				model[Place{at, 1}] = 1
			}
			if begun {
				if err := model.check(tx, x); err != nil {
					return err
				}
			}
			for at := range int64(20) {
				add(at + 10)
			}
			for _, q := range model.sorted() {
				if x.holds(q) {
					x.Remove(tx, q)
					delete(model, q)
				}
			}
			for after := range 3 {
				if _, _, err := x.First(broken{tx, after}); !errors.Is(err, errRollback) {
					return fmt.Errorf("First of a read that fails = %v", err)
				}
				add(int64(after))
				if err := model.invariants(x); err != nil {
					return err
				}
				for _, q := range model.sorted() { // so that First has to read again
					if x.holds(q) {
						x.Remove(tx, q)
						delete(model, q)
					}
				}
			}
			return nil
		})
		drain(t, p, x, model)
	}
}

func TestIndexDamage(t *testing.T) {
	for name, row := range map[string]struct{ key, value string }{
		"short key":   {"i/1234567", "\x00"},
		"long key":    {"i/\x001234567123456789", "\x00"},
		"negative at": {"i/\xff123456712345678", "\x00"},
		"no tag":      {"i/\x00123456712345678", ""},
		"two tags":    {"i/\x00123456712345678", "\x00\x00"},
	} {
		p := newPartition(t)
		update(t, p, func(tx store.Tx) error {
			tx.Set([]byte(row.key), []byte(row.value))
			x := NewIndex("i/", 8)
			x.Add(tx, Place{0, 0}, 0)
			if _, _, err := x.First(tx); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
	}
}

// TestIndexManyRemoved: the order holds after most of what is in memory was taken
// out elsewhere than at the front.
func TestIndexManyRemoved(t *testing.T) {
	p, model, x := newPartition(t), set{}, NewIndex("i/", 1000)
	r := rand.New(rand.NewPCG(5, 5))
	update(t, p, func(tx store.Tx) error {
		if err := model.check(tx, x); err != nil {
			return err
		}
		for _, n := range r.Perm(900) {
			q := Place{int64(n), 1}
			x.Add(tx, q, 0)
			model[q] = 0
		}
		for _, n := range r.Perm(900)[:800] {
			q := Place{int64(n), 1}
			x.Remove(tx, q)
			delete(model, q)
		}
		return model.invariants(x)
	})
	drain(t, p, x, model)
}
