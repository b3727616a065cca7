package sqs

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// walk looks at the messages of a queue in a snapshot of its rows: without the
// writer lock, and without a trace. It needs no memory but for one lane.
//
// Its order in a standard queue is that in which messages were sent, but that those
// of groups come last, lane after lane, as long as they were never delivered. In a
// FIFO queue it is lane after lane, each in its order. So a message is met once,
// where a walk goes on from the place where another one ended too, unless it was
// delivered in between.
type walk struct {
	r       store.Reader
	desc    *description
	meta    meta
	fifo    bool
	now     int64 // ms
	horizon int64 // ms: what was sent before has expired

	state State  // Any: all
	group string // "" for all; outside of the lanes it is left to visit
	after position
	// visit is called with each message.
	visit func(v *visited) error

	budget int // rows that the walk may still look at; at least 2, to get anywhere
	at     position
	more   bool // the budget ended the walk at at
}

// State is what can be done with a message.
type State string

// States of a message, and Any of them.
const (
	Any      State = "all"
	Visible  State = "visible"
	InFlight State = "in-flight"
	Delayed  State = "delayed"
)

// visited is one message that a walk meets.
type visited struct {
	at      position
	seq     uint64
	state   State
	until   int64 // ms: when it is visible again, where it is not
	count   uint32
	first   int64 // ms, of the first receive; 0 for none
	blocked bool  // visible, and behind others of its FIFO group that are in flight
	row     []byte
}

// position is a place in the order of a walk: that of a message. The zero value
// is before all.
type position struct {
	backlog bool // of a group's lane; else of a standard queue, by time
	lane    uint64
	seq     uint64
}

// String returns the position as a person hands it back.
func (p position) String() string {
	lane := "x"
	if p.backlog {
		lane = strconv.FormatUint(p.lane, 10)
	}
	return lane + "-" + strconv.FormatUint(p.seq, 10)
}

// parsePosition reverses String, and takes "" for the beginning.
func parsePosition(s string) (p position, ok bool) {
	if s == "" {
		return p, true
	}
	lane, seq, _ := strings.Cut(s, "-")
	var err, laneErr error
	if p.backlog = lane != "x"; p.backlog {
		p.lane, laneErr = strconv.ParseUint(lane, 10, 64)
	}
	p.seq, err = strconv.ParseUint(seq, 10, 64)
	return p, err == nil && laneErr == nil && p.seq < math.MaxUint64 && p.lane < math.MaxUint64
}

// walk begins a walk over all messages of a queue. errNoQueue where it is gone.
func (s *Service) walk(key queueKey, r store.Reader) (*walk, error) {
	w := &walk{r: r, fifo: key.fifo(), now: s.now(), state: Any, budget: math.MaxInt}
	var err error
	if w.desc, w.meta, err = readQueue(r); err != nil {
		return nil, err
	}
	w.horizon = (&memory{desc: w.desc}).horizon(s)
	return w, nil
}

// errWalkEnds ends a walk.
var errWalkEnds = errors.New("the walk ends")

// run walks. An error of visit ends it.
func (w *walk) run() error {
	f := w.standard
	if w.fifo {
		f = w.lanes
	}
	if err := f(); !errors.Is(err, errWalkEnds) {
		return err
	}
	return nil
}

// step notes that the walk is at a row, and ends it where that is one too many.
func (w *walk) step(at position) error {
	if w.budget <= 0 {
		w.more = true
		return errWalkEnds
	}
	w.budget--
	w.at = at
	return nil
}

// meet visits a message that is asked for.
func (w *walk) meet(v *visited) error {
	if w.state != Any && w.state != v.state || sentAt(v.seq) < w.horizon {
		return nil
	}
	return w.visit(v)
}

func (w *walk) standard() error {
	if !w.after.backlog {
		if err := w.byTime(); err != nil {
			return err
		}
	}
	if w.state == InFlight || w.state == Delayed {
		return nil
	}
	return w.lanes()
}

// byTime meets the messages of a standard queue that were delivered or delayed,
// and between them those that name no group.
func (w *walk) byTime() error {
	plain, err := w.plain()
	if err != nil {
		return err
	}
	defer plain.stop()
	items := inflight.New(inflight.Options{Prefix: itemsPrefix}, w.meta.Items)
	for kv, err := range w.r.Scan(items.Bounds(w.after.seq+1, math.MaxUint64)) {
		if err != nil {
			return err
		}
		it, err := items.Decode(kv)
		if err != nil {
			return err
		}
		if err := plain.until(it.ID); err != nil {
			return err
		}
		if err := w.exception(it); err != nil {
			return err
		}
	}
	return plain.until(math.MaxUint64)
}

// exception meets a message that was delivered or delayed.
func (w *walk) exception(it inflight.Item) error {
	v := visited{at: position{seq: it.ID}, seq: it.ID, state: Visible, count: it.Count, first: it.First}
	if err := w.step(v.at); err != nil {
		return err
	}
	if it.Visible > w.now {
		v.state, v.until = Delayed, it.Visible
		if it.Delivered() {
			v.state = InFlight
		}
	}
	if w.state != Any && w.state != v.state {
		return nil
	}
	var err error
	if v.row, err = w.r.Get(messageKey(it.Place, it.ID)); err != nil {
		return missing(it, err)
	}
	return w.meet(&v)
}

// plainMessages are the messages of the plain lane that were never delivered and
// that a walk has not met.
type plainMessages struct {
	w    *walk
	next func() (store.KeyValue, error, bool)
	stop func()
	kv   store.KeyValue
	ok   bool // there is one, in kv
}

func (w *walk) plain() (*plainMessages, error) {
	if w.group != "" || w.state != Any && w.state != Visible || w.meta.Fresh == 0 {
		return &plainMessages{stop: func() {}}, nil
	}
	p := &plainMessages{w: w}
	p.next, p.stop = iter.Pull2(w.r.Scan(messageKey(plainLane, max(w.meta.Cursor, w.after.seq+1)), laneEnd(plainLane)))
	return p, p.step()
}

func (p *plainMessages) step() (err error) {
	p.kv, err, p.ok = p.next()
	return err
}

// until meets those before a sequence.
func (p *plainMessages) until(seq uint64) error {
	for p.ok && seqOf(p.kv.Key) < seq {
		at := seqOf(p.kv.Key)
		if err := p.w.step(position{seq: at}); err != nil {
			return err
		}
		if err := p.w.meet(&visited{at: position{seq: at}, seq: at, state: Visible, row: p.kv.Value}); err != nil {
			return err
		}
		if err := p.step(); err != nil {
			return err
		}
	}
	return nil
}

// lanes meets the messages of the groups' lanes: in a standard queue those that
// were never delivered, else all.
func (w *walk) lanes() error {
	from := uint64(firstLane)
	if w.after.backlog {
		from = max(from, w.after.lane)
	}
	switch {
	case w.group != "":
		b, err := w.r.Get(groupKey(w.group))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if id := binary.BigEndian.Uint64(b); id >= from {
			return w.laneOf(id)
		}
		return nil
	case w.fifo && w.state == InFlight:
		// The lanes with messages in flight are among the machine's items.
		items := inflight.New(inflight.Options{Prefix: itemsPrefix}, w.meta.Items)
		for kv, err := range w.r.Scan(items.Bounds(from, math.MaxUint64)) {
			if err != nil {
				return err
			}
			it, err := items.Decode(kv)
			if err == nil && it.Delivered() {
				err = w.laneOf(it.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	for kv, err := range w.r.Scan(laneKey(from), row.End([]byte("l/"))) {
		if err != nil {
			return err
		}
		l, err := decodeLane(seqOf(kv.Key), kv.Value)
		if err == nil {
			err = w.lane(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) laneOf(id uint64) error {
	b, err := w.r.Get(laneKey(id))
	if err != nil {
		return missing(inflight.Item{Place: id}, err)
	}
	l, err := decodeLane(id, b)
	if err != nil {
		return err
	}
	return w.lane(l)
}

// lane meets the messages of one lane.
func (w *walk) lane(l *lane) error {
	from, to := uint64(1), laneEnd(l.id)
	if !w.fifo {
		from = l.cursor
	}
	if w.after.backlog && w.after.lane == l.id {
		from = max(from, w.after.seq+1)
	}
	delay := int64(0)
	if w.fifo {
		delay = 1000 * int64(w.desc.Attributes.DelaySeconds)
		switch {
		case w.state == Delayed && delay == 0:
			return nil
		case w.state == Delayed:
			from = max(from, sequenceAt(w.now-delay))
		case w.state == InFlight && len(l.held) == 0:
			return nil
		case w.state == InFlight:
			to = messageKey(l.id, l.held[len(l.held)-1].seq+1)
		}
	}
	// A lane counts as a row, since many may have nothing that is asked for.
	if err := w.step(position{true, l.id, from - 1}); err != nil {
		return err
	}
	first := slices.IndexFunc(l.held, func(h held) bool { return h.until > w.now })
	held := l.held
	for kv, err := range w.r.Scan(messageKey(l.id, from), to) {
		if err != nil {
			return err
		}
		seq := seqOf(kv.Key)
		v := visited{at: position{true, l.id, seq}, seq: seq, state: Visible, row: kv.Value}
		if err := w.step(v.at); err != nil {
			return err
		}
		for len(held) > 0 && held[0].seq < seq {
			held = held[1:]
		}
		due := sentAt(seq) + delay
		switch {
		case len(held) > 0 && held[0].seq == seq:
			v.count, v.first = held[0].count, held[0].first
			if held[0].until > w.now {
				v.state, v.until = InFlight, held[0].until
			}
		case delay > 0 && due > w.now:
			v.state, v.until = Delayed, due
		}
		v.blocked = first >= 0 && seq > l.held[first].seq && v.state == Visible
		if err := w.meet(&v); err != nil {
			return err
		}
	}
	return nil
}
