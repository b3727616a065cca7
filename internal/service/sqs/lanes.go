package sqs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// lane is a run of messages in order: those of one group. It exists while it has
// messages to give out, or, in a FIFO queue, messages at all.
type lane struct {
	id       uint64
	group    string
	messages int64 // in a standard queue those that were never delivered, else all
	// cursor is the sequence of the first message that was never delivered; without
	// meaning where there is none.
	cursor uint64
	// held are, in a FIFO queue, the messages before the cursor: they were delivered
	// and are not settled. They are few: a receive delivers them anew before others.
	held []held
	// flown is how many of them the queue counts as in flight: those that were when
	// the lane was written last.
	flown int64
}

// held is a message of a FIFO queue that was delivered.
type held struct {
	seq   uint64
	until int64 // in flight so long, ms
	count uint32
	first int64 // ms, of the first receive
	last  int64 // ms, of the last receive
	lease inflight.Lease
}

const laneVersion = 1

func (l *lane) encode() []byte {
	b := make([]byte, 0, 32+len(l.group)+48*len(l.held))
	b = append(b, laneVersion)
	b = binary.AppendUvarint(b, uint64(l.messages))
	b = binary.AppendUvarint(b, l.cursor)
	b = binary.AppendUvarint(b, uint64(l.flown))
	b = binary.AppendUvarint(b, uint64(len(l.held)))
	for i := range l.held {
		for _, v := range l.held[i].fields() {
			b = binary.AppendUvarint(b, v)
		}
	}
	return append(b, l.group...)
}

func (h *held) fields() [heldFields]uint64 {
	return [...]uint64{h.seq, uint64(h.until), uint64(h.count), uint64(h.first), uint64(h.last), h.lease.Epoch, h.lease.N}
}

const heldFields = 7

func decodeLane(id uint64, b []byte) (*lane, error) {
	damaged := fmt.Errorf("%w: lane %d", store.ErrCorrupt, id)
	if len(b) == 0 || b[0] != laneVersion {
		return nil, damaged
	}
	b = b[1:]
	ok := true
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	l := &lane{id: id, messages: int64(next()), cursor: next(), flown: int64(next())}
	n := next()
	if n > uint64(len(b)) {
		return nil, damaged
	}
	l.held = make([]held, n)
	for i := range l.held {
		var v [heldFields]uint64
		for j := range v {
			v[j] = next()
		}
		l.held[i] = held{v[0], int64(v[1]), uint32(v[2]), int64(v[3]), int64(v[4]), inflight.Lease{Epoch: v[5], N: v[6]}}
	}
	if !ok {
		return nil, damaged
	}
	l.group = string(b)
	return l, nil
}

func laneKey(id uint64) []byte { return binary.BigEndian.AppendUint64([]byte("l/"), id) }

func groupKey(group string) []byte { return append([]byte("g/"), group...) }

// maxLanes is how many lanes are kept in memory. Their rows are as new, so any
// of them can be forgotten at any time.
const maxLanes = 32 << 10

// lanes are the lanes of a queue.
type lanes struct {
	m     *memory
	known map[uint64]*lane
	// groups are the numbers of the lanes of groups; 0 for one that has none, so
	// that a group which comes and goes costs no search for its row.
	groups map[string]uint64
}

func newLanes(m *memory) *lanes {
	return &lanes{m: m, known: make(map[uint64]*lane), groups: make(map[string]uint64)}
}

// of returns the lane of a group, nil where it has none.
func (ls *lanes) of(r store.Reader, group string) (*lane, error) {
	id, ok := ls.groups[group]
	if !ok {
		b, err := r.Get(groupKey(group))
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if len(b) != 8 {
			return nil, fmt.Errorf("%w: number of the lane of group %q", store.ErrCorrupt, group)
		}
		id = binary.BigEndian.Uint64(b)
	}
	if id == 0 {
		return nil, nil
	}
	return ls.get(r, id)
}

// get returns a lane that there is.
func (ls *lanes) get(r store.Reader, id uint64) (*lane, error) {
	l, err := ls.find(r, id)
	if err == nil && l == nil {
		err = fmt.Errorf("%w: lane %d is named and not there", store.ErrCorrupt, id)
	}
	return l, err
}

// find returns a lane, nil where there is none.
func (ls *lanes) find(r store.Reader, id uint64) (*lane, error) {
	if l := ls.known[id]; l != nil {
		return l, nil
	}
	b, err := r.Get(laneKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := decodeLane(id, b)
	if err != nil {
		return nil, err
	}
	ls.remember(l)
	return l, nil
}

func (ls *lanes) remember(l *lane) {
	if len(ls.known) >= maxLanes {
		clear(ls.known)
		clear(ls.groups)
	}
	ls.known[l.id], ls.groups[l.group] = l, l.id
}

// make returns a new lane for a group. save writes it.
func (ls *lanes) make(tx store.Tx, group string) *lane {
	id := max(ls.m.meta.NextLane, firstLane)
	ls.m.meta.NextLane = id + 1
	l := &lane{id: id, group: strings.Clone(group)}
	tx.Set(groupKey(group), binary.BigEndian.AppendUint64(nil, id))
	ls.remember(l)
	return l
}

// save writes a lane that changed.
func (ls *lanes) save(tx store.Tx, l *lane) {
	tx.Set(laneKey(l.id), l.encode())
	ls.known[l.id] = l
}

// drop removes a lane that is empty. Its number is never used again.
func (ls *lanes) drop(tx store.Tx, l *lane) {
	tx.Delete(laneKey(l.id))
	tx.Delete(groupKey(l.group))
	delete(ls.known, l.id)
	if len(ls.groups) >= 2*maxLanes {
		clear(ls.groups)
	}
	ls.groups[l.group] = 0
}

// clear removes all lanes.
func (ls *lanes) clear(tx store.Tx) {
	for _, prefix := range []string{"l/", "g/"} {
		tx.DeleteRange([]byte(prefix), []byte{prefix[0], prefix[1] + 1})
	}
	clear(ls.known)
	clear(ls.groups)
}
