package sqs

import (
	"encoding/binary"
	"math"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// fair orders the backlog of a standard queue over its groups, which are its
// tenants: each has a lane. The directory lists the lanes of quiet tenants by the
// age of their heads. Noisy ones stand apart and are delivered from when no quiet
// one has a message, so they cost the others nothing however much they have.
type fair struct {
	m         *memory
	lanes     *lanes
	directory *inflight.Index // of quiet lanes; At is the lane's cursor
	noise     noise
	noisy     map[uint64]*tenant // by their lanes, all that there are
	loaded    bool               // noisy is read
	reviewed  int64              // ms, when noisy tenants were looked at last
}

func newFair(m *memory) *fair {
	return &fair{
		m: m, lanes: newLanes(m), directory: inflight.NewIndex(directoryPrefix, maxLanes),
		noise: noise{tenants: make(map[uint64]*tenant)}, noisy: make(map[uint64]*tenant),
	}
}

// maxNoisy bounds the tenants that are noisy at a time.
const maxNoisy = 1000

// A lane is noisy while it has a row n/<lane>, so that a restart does not take it
// for a quiet one.
var noisyPrefix = []byte("n/")

func noisyKey(lane uint64) []byte { return binary.BigEndian.AppendUint64([]byte("n/"), lane) }

func (l *lane) place() inflight.Place { return inflight.Place{At: int64(l.cursor), ID: l.id} }

// load reads which lanes are noisy.
func (f *fair) load(r store.Reader) error {
	if f.loaded {
		return nil
	}
	for kv, err := range r.Scan(noisyPrefix, row.End(noisyPrefix)) {
		if err != nil {
			clear(f.noisy)
			return err
		}
		id := seqOf(kv.Key)
		f.noisy[id] = f.noise.tenant(id)
		f.noisy[id].noisy = true
	}
	f.loaded = true
	return nil
}

// add notes a new message of a group and returns its lane.
func (f *fair) add(tx store.Tx, group string, seq uint64, now int64) (uint64, error) {
	if err := f.load(tx); err != nil {
		return 0, err
	}
	l, err := f.lanes.of(tx, group)
	if err != nil {
		return 0, err
	}
	if l == nil {
		l = f.lanes.make(tx, group)
		l.cursor = seq
		f.directory.Add(tx, l.place(), 0)
	}
	if t := f.noisy[l.id]; t != nil {
		t.sent = now
	}
	l.messages++
	f.lanes.save(tx, l)
	return l.id, nil
}

// next returns the lane that is to be delivered from, nil for none, and whether it
// is a noisy one: then no quiet one has messages.
func (f *fair) next(r store.Reader) (l *lane, noisy bool, err error) {
	if err := f.load(r); err != nil {
		return nil, false, err
	}
	if l, err = f.quiet(r); l != nil || err != nil {
		return l, false, err
	}
	fewest := int64(math.MaxInt64)
	for id, t := range f.noisy {
		other, err := f.lanes.get(r, id)
		if err != nil {
			return nil, false, err
		}
		if t.inFlight < fewest || t.inFlight == fewest && other.cursor < l.cursor {
			l, fewest = other, t.inFlight
		}
	}
	return l, l != nil, nil
}

// quiet returns the lane of a quiet tenant whose first message is the oldest, nil
// for none.
func (f *fair) quiet(r store.Reader) (*lane, error) {
	p, ok, err := f.directory.First(r)
	if err != nil || !ok {
		return nil, err
	}
	return f.lanes.get(r, p.ID)
}

// oldest returns the lane whose first message is the oldest, nil for none.
func (f *fair) oldest(r store.Reader) (*lane, error) {
	if err := f.load(r); err != nil {
		return nil, err
	}
	l, err := f.quiet(r)
	if err != nil {
		return nil, err
	}
	for id := range f.noisy {
		other, err := f.lanes.get(r, id)
		if err != nil {
			return nil, err
		}
		if l == nil || other.cursor < l.cursor {
			l = other
		}
	}
	return l, nil
}

// oldestKnown is oldest without a look at rows: the sequence of the first message
// of those lanes that are in memory.
func (f *fair) oldestKnown() (seq uint64, ok bool) {
	if p, some := f.directory.Head(); some {
		seq, ok = uint64(p.At), true
	}
	for id := range f.noisy {
		if l := f.lanes.known[id]; l != nil && (!ok || l.cursor < seq) {
			seq, ok = l.cursor, true
		}
	}
	return seq, ok
}

// begin takes a lane out of its place, to be changed, and returns the sequence up
// to which it may be delivered from before another one is due. end puts it back.
func (f *fair) begin(tx store.Tx, l *lane) (before uint64, err error) {
	if f.noisy[l.id] != nil {
		return math.MaxUint64, nil
	}
	f.directory.Remove(tx, l.place())
	p, ok, err := f.directory.First(tx)
	if err != nil || !ok {
		return math.MaxUint64, err
	}
	return uint64(p.At), nil
}

func (f *fair) end(tx store.Tx, l *lane) {
	noisy := f.noisy[l.id] != nil
	if l.messages == 0 { // a tenant whose backlog is drained is quiet
		f.lanes.drop(tx, l)
		if noisy {
			tx.Delete(noisyKey(l.id))
			f.noisy[l.id].noisy = false
			delete(f.noisy, l.id)
		}
		return
	}
	f.lanes.save(tx, l)
	if !noisy {
		f.directory.Add(tx, l.place(), 0)
	}
}

// judge makes a tenant noisy that has become it. total is how many messages of the
// queue were delivered and are not settled.
func (f *fair) judge(tx store.Tx, id uint64, total, now int64) error {
	t := f.noise.tenants[id]
	if t == nil || f.noisy[id] != nil || len(f.noisy) >= maxNoisy || !f.noise.exceeds(t, total, now) {
		return nil
	}
	l, err := f.lanes.find(tx, id)
	if err != nil || l == nil { // it has no backlog
		return err
	}
	f.directory.Remove(tx, l.place())
	tx.Set(noisyKey(id), nil)
	t.noisy, t.sent = true, now
	f.noisy[id] = t
	return nil
}

// review makes the tenants quiet that sent nothing for long. Once a second is
// enough.
func (f *fair) review(tx store.Tx, now int64) error {
	if err := f.load(tx); err != nil || now-f.reviewed < 1000 {
		return err
	}
	f.reviewed = now
	for id, t := range f.noisy {
		if t.sent == 0 { // it was noisy before the memory was loaded
			t.sent = now
		}
		if now-t.sent < quietAfter.Milliseconds() {
			continue
		}
		l, err := f.lanes.get(tx, id)
		if err != nil {
			return err
		}
		tx.Delete(noisyKey(id))
		delete(f.noisy, id)
		f.directory.Add(tx, l.place(), 0)
		*t = tenant{}
	}
	return nil
}

func (f *fair) clear(tx store.Tx) {
	f.lanes.clear(tx)
	f.directory.Clear(tx)
	tx.DeleteRange(noisyPrefix, row.End(noisyPrefix))
	clear(f.noisy)
	f.loaded = true
	f.noise = noise{tenants: make(map[uint64]*tenant)}
}
