package sqs

import (
	"math"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// fair orders the backlog of a standard queue over its groups: each has a lane,
// and the directory lists the lanes by the age of their heads.
type fair struct {
	m         *memory
	lanes     *lanes
	directory *inflight.Index // At is the lane's cursor
}

func newFair(m *memory) *fair {
	return &fair{m: m, lanes: newLanes(m), directory: inflight.NewIndex(directoryPrefix, maxLanes)}
}

func (l *lane) place() inflight.Place { return inflight.Place{At: int64(l.cursor), ID: l.id} }

// add notes a new message of a group and returns its lane.
func (f *fair) add(tx store.Tx, group string, seq uint64) (uint64, error) {
	l, err := f.lanes.of(tx, group)
	if err != nil {
		return 0, err
	}
	if l == nil {
		l = f.lanes.make(tx, group)
		l.cursor = seq
		f.directory.Add(tx, l.place(), 0)
	}
	l.messages++
	f.lanes.save(tx, l)
	return l.id, nil
}

// next returns the lane that is to be delivered from, nil for none.
func (f *fair) next(r store.Reader) (*lane, error) { return f.oldest(r) }

// oldest returns the lane whose first message is the oldest, nil for none.
func (f *fair) oldest(r store.Reader) (*lane, error) {
	p, ok, err := f.directory.First(r)
	if err != nil || !ok {
		return nil, err
	}
	return f.lanes.get(r, p.ID)
}

// begin takes a lane out of the directory, to be changed, and returns the
// sequence up to which no other lane has an older message. end puts it back.
func (f *fair) begin(tx store.Tx, l *lane) (before uint64, err error) {
	f.directory.Remove(tx, l.place())
	p, ok, err := f.directory.First(tx)
	if err != nil || !ok {
		return math.MaxUint64, err
	}
	return uint64(p.At), nil
}

func (f *fair) end(tx store.Tx, l *lane) {
	if l.messages == 0 {
		f.lanes.drop(tx, l)
		return
	}
	f.lanes.save(tx, l)
	f.directory.Add(tx, l.place(), 0)
}

func (f *fair) settled(inflight.Item, int64) {}

func (f *fair) clear(tx store.Tx) {
	f.lanes.clear(tx)
	f.directory.Clear(tx)
}
