package inflight

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// Index is a set of places in an order that is kept in rows, of which only the
// first ones are in memory. Adding, removing and finding the first cost the same
// however large the set is.
//
// The rows are <prefix><At><ID>, both big-endian, and a tag of one byte, which is
// the owner's. An Index is guarded by whoever owns it.
type Index struct {
	prefix []byte
	window int

	heap    places         // those of live, and some that were removed
	live    map[Place]byte // the set's places before the horizon, with their tags
	horizon Place          // the set's places from here on are in rows only
	loaded  bool           // false at first: there is no horizon and nothing in memory
	buf     []byte         // of a row, for one call
}

// Place is a member of an Index: first by At, then by ID. At is mostly a time in
// milliseconds since 1970.
type Place struct {
	At int64  // not negative
	ID uint64 // with At the greatest there is, not the greatest
}

func (p Place) before(q Place) bool { return p.At < q.At || p.At == q.At && p.ID < q.ID }

func (p Place) compare(q Place) int {
	return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.ID, q.ID))
}

// end is after every place.
var end = Place{math.MaxInt64, math.MaxUint64}

// NewIndex returns the index whose rows lie under a prefix. window bounds how many
// places it holds in memory, about.
func NewIndex(prefix string, window int) *Index {
	return &Index{prefix: []byte(prefix), window: max(window, 1), live: make(map[Place]byte)}
}

// key returns the key of a place, which is valid until the next call.
func (x *Index) key(p Place) []byte {
	x.buf = append(x.buf[:0], x.prefix...)
	x.buf = binary.BigEndian.AppendUint64(x.buf, uint64(p.At))
	x.buf = binary.BigEndian.AppendUint64(x.buf, p.ID)
	return x.buf
}

// Add puts a place into the set; one that is there gets the tag.
func (x *Index) Add(tx store.Tx, p Place, tag byte) {
	key := x.key(p)
	x.buf = append(x.buf, tag)
	tx.Set(key, x.buf[len(key):])
	if x.holds(p) {
		x.push(p, tag)
		x.shrink()
	}
}

// Remove takes a place out of the set; one that is not there is no error.
func (x *Index) Remove(tx store.Tx, p Place) {
	tx.Delete(x.key(p))
	delete(x.live, p)
	if len(x.heap) > 2*len(x.live)+64 {
		x.rebuild()
		x.heap.init()
	}
}

// rebuild makes the heap hold what is live, each once, in no order.
func (x *Index) rebuild() {
	x.heap = x.heap[:0]
	for p := range x.live {
		x.heap = append(x.heap, p)
	}
}

// First returns the first place, and whether there is one. It may read rows, so r
// must show what was added and removed so far: in an Update, its Tx.
func (x *Index) First(r store.Reader) (Place, bool, error) {
	for {
		if p, ok := x.Head(); ok {
			return p, true, nil
		}
		if x.loaded && x.horizon == end {
			return Place{}, false, nil
		}
		if err := x.load(r); err != nil {
			return Place{}, false, err
		}
	}
}

// Head returns the first place as First does, if it is in memory.
func (x *Index) Head() (Place, bool) {
	for len(x.heap) > 0 {
		if _, ok := x.live[x.heap[0]]; ok {
			return x.heap[0], true
		}
		x.heap.pop()
	}
	return Place{}, false
}

// Until counts the places in memory up to a time that have a tag. They are all
// that there are, once First was called, in a set that never had more than half
// the window.
func (x *Index) Until(at int64, tag byte) (n int64) {
	for range x.Up(at, tag) {
		n++
	}
	return n
}

// Up yields the IDs of the places in memory up to a time that have a tag, in no
// order. See Until.
func (x *Index) Up(at int64, tag byte) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for p, t := range x.live {
			if p.At <= at && t == tag && !yield(p.ID) {
				return
			}
		}
	}
}

// Clear empties the set.
func (x *Index) Clear(tx store.Tx) {
	tx.DeleteRange(x.prefix, row.End(x.prefix))
	*x = Index{prefix: x.prefix, window: x.window, live: make(map[Place]byte), horizon: end, loaded: true}
}

// holds reports whether a place would be in memory.
func (x *Index) holds(p Place) bool { return x.loaded && p.before(x.horizon) }

// load reads the places that follow the horizon, half a window of them. Nothing
// is live then. Where it fails nothing has changed.
func (x *Index) load(r store.Reader) error {
	from := x.prefix
	if x.loaded {
		from = x.key(x.horizon)
	}
	horizon := end
	for kv, err := range r.Scan(from, row.End(x.prefix)) {
		var p Place
		var tag byte
		if err == nil {
			p, tag, err = x.parse(kv)
		}
		if err != nil {
			clear(x.live)
			x.heap = x.heap[:0]
			return err
		}
		if len(x.live) == x.half() {
			horizon = p
			break
		}
		x.push(p, tag)
	}
	x.loaded, x.horizon = true, horizon
	return nil
}

// half is how many places are read at once, and kept by shrink.
func (x *Index) half() int { return max(x.window/2, 1) }

func (x *Index) parse(kv store.KeyValue) (Place, byte, error) {
	b := kv.Key[len(x.prefix):]
	if len(b) != 16 || b[0]&0x80 != 0 || len(kv.Value) != 1 {
		return Place{}, 0, fmt.Errorf("%w: place %q", store.ErrCorrupt, kv.Key)
	}
	return Place{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])}, kv.Value[0], nil
}

func (x *Index) push(p Place, tag byte) {
	if _, ok := x.live[p]; !ok {
		x.heap.push(p)
	}
	x.live[p] = tag
}

// shrink forgets the later half of what is in memory, once that is too much.
func (x *Index) shrink() {
	if len(x.live) <= x.window {
		return
	}
	x.rebuild()
	slices.SortFunc(x.heap, Place.compare)
	x.horizon = x.heap[x.half()]
	for _, p := range x.heap[x.half():] {
		delete(x.live, p)
	}
	x.heap = x.heap[:x.half()] // sorted, which is a heap
}

// places is a binary heap. It is written out because container/heap would
// allocate for every place.
type places []Place

func (h *places) push(p Place) {
	*h = append(*h, p)
	a, i := *h, len(*h)-1
	for i > 0 {
		parent := (i - 1) / 2
		if !a[i].before(a[parent]) {
			return
		}
		a[i], a[parent] = a[parent], a[i]
		i = parent
	}
}

func (h *places) pop() {
	a := *h
	n := len(a) - 1
	a[0] = a[n]
	*h = a[:n]
	h.down(0)
}

func (h places) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

func (h places) init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}
