package sqs

import (
	"bytes"
	"math"
	"slices"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// fifo is the order of FIFO queues. What is delivered is a group: while messages
// of it are in flight, or its head is delayed, its lane is an item of the machine,
// with the number of the lane and the time at which its head can be had; else it
// stands in the directory.
type fifo struct {
	m         *memory
	lanes     *lanes
	locked    *inflight.Machine
	directory *inflight.Index // At is the sequence of the lane's first message
	delays    delays
	met       bool // see meet
}

func newFIFO(m *memory) *fifo {
	return &fifo{
		m: m, lanes: newLanes(m),
		locked:    inflight.New(inflight.Options{Prefix: itemsPrefix}, m.meta.Items),
		directory: inflight.NewIndex(directoryPrefix, maxLanes),
		delays:    make(delays),
	}
}

func (f *fifo) commit() { f.m.meta.Items = f.locked.Counts() }

// head is the sequence of the lane's first message.
func (l *lane) head() uint64 {
	if len(l.held) > 0 {
		return l.held[0].seq
	}
	return l.cursor
}

// flying is how many messages of the lane are in flight.
func (l *lane) flying(now int64) (n int64) {
	for i := range l.held {
		if l.held[i].until > now {
			n++
		}
	}
	return n
}

// fresh is how many messages of the lane were never delivered.
func (l *lane) fresh() int64 { return l.messages - int64(len(l.held)) }

func (f *fifo) send(tx store.Tx, sd *sending) error {
	if !sd.moved {
		if repeats, err := f.deduplicate(tx, sd); repeats || err != nil {
			return err
		}
	}
	defer f.commit()
	l, err := f.lanes.of(tx, sd.group)
	if err != nil {
		return err
	}
	if l == nil {
		l = f.lanes.make(tx, sd.group)
	}
	if l.fresh() == 0 {
		l.cursor = sd.seq
	}
	l.messages++
	f.m.meta.Messages++
	tx.Set(messageKey(l.id, sd.seq), sd.row)
	f.lanes.save(tx, l)
	if f.m.desc.Attributes.DelaySeconds > 0 {
		f.delays.sent(sd.now)
	}
	if l.messages == 1 {
		f.stand(tx, l, sd.now)
	}
	return nil
}

// delayed returns until when a message is delayed, ms.
func (f *fifo) delayed(seq uint64) int64 {
	return sentAt(seq) + 1000*int64(f.m.desc.Attributes.DelaySeconds)
}

// stand puts a lane that stands nowhere where it belongs now, or away if it is
// empty.
func (f *fifo) stand(tx store.Tx, l *lane, now int64) {
	if l.messages == 0 {
		f.lanes.drop(tx, l)
		return
	}
	f.lanes.save(tx, l)
	switch due := f.delayed(l.head()); {
	case l.flying(now) > 0:
		// The first of them may be had before the others: it comes before them.
		f.locked.Put(tx, inflight.Item{ID: l.id, Visible: l.held[0].until, Count: 1})
	case len(l.held) == 0 && due > now:
		f.locked.Put(tx, inflight.Item{ID: l.id, Visible: due})
	default:
		f.directory.Add(tx, inflight.Place{At: int64(l.head()), ID: l.id}, 0)
	}
}

// next takes the lane that is to be delivered from out of its place, nil for
// none.
func (f *fifo) next(tx store.Tx, now int64) (*lane, error) {
	it, ok, err := f.locked.Next(tx, now, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	if ok {
		f.locked.Remove(tx, it)
		return f.lanes.get(tx, it.ID)
	}
	p, ok, err := f.directory.First(tx)
	if err != nil || !ok {
		return nil, err
	}
	f.directory.Remove(tx, p)
	return f.lanes.get(tx, p.ID)
}

func (f *fifo) receive(tx store.Tx, rc *receiving) error {
	if repeats, err := f.repeat(tx, rc); repeats || err != nil {
		return err
	}
	defer f.commit()
	// Lanes go back to their places at the end, so that one whose messages can be
	// had again at once is not met twice.
	var served []*lane
	rc.room = rc.limit - f.m.meta.InFlight
	if rc.room < int64(rc.max) {
		rc.room = rc.limit - f.counts(rc.now).inFlight
	}
	for rc.more() {
		l, err := f.next(tx, rc.now)
		if err != nil {
			return err
		}
		if l == nil {
			break
		}
		f.m.meta.InFlight -= l.flown
		if err := f.serve(tx, rc, l); err != nil {
			return err
		}
		served = append(served, l)
	}
	for _, l := range served {
		l.flown = l.flying(rc.now)
		f.m.meta.InFlight += l.flown
		f.stand(tx, l, rc.now)
	}
	f.remember(tx, rc)
	return nil
}

// serve delivers messages of a lane, in order: those that were delivered before,
// then others.
func (f *fifo) serve(tx store.Tx, rc *receiving, l *lane) error {
	for i := 0; i < len(l.held) && rc.more(); {
		h := &l.held[i]
		if h.until > rc.now {
			return nil // what is behind it waits
		}
		key := messageKey(l.id, h.seq)
		b, err := tx.Get(key)
		if err != nil {
			return missing(inflight.Item{ID: h.seq, Place: l.id}, err)
		}
		switch {
		case sentAt(h.seq) < rc.horizon:
			tx.Delete(key)
			f.m.meta.Messages--
			rc.skip()
		case rc.maxReceives > 0 && h.count >= rc.maxReceives && rc.dead != nil:
			// It leaves the lane, where later scans would meet it.
			setAside(tx, l.id, h.seq, bytes.Clone(b))
			rc.bury(h.item(asideLane))
		case !rc.take():
			return nil
		default:
			h.count++
			h.until, h.last = rc.until, rc.now
			if h.first == 0 { // it came back from a move
				h.first = rc.now
			}
			h.lease = inflight.Lease{Epoch: tx.Version().Epoch, N: h.lease.N + 1}
			rc.out = append(rc.out, delivered{h.item(l.id), bytes.Clone(b)})
			i++
			continue
		}
		l.held = slices.Delete(l.held, i, i+1)
		l.messages--
	}
	if l.fresh() == 0 || !rc.more() {
		return nil
	}
	for kv, err := range tx.Scan(messageKey(l.id, l.cursor), laneEnd(l.id)) {
		if err != nil {
			return err
		}
		l.cursor = seqOf(kv.Key)
		if !rc.more() || f.delayed(l.cursor) > rc.now {
			break
		}
		if sentAt(l.cursor) < rc.horizon {
			tx.Delete(messageKey(l.id, l.cursor))
			f.m.meta.Messages--
			l.messages--
			rc.skip()
			continue
		}
		if !rc.take() {
			break
		}
		h := held{l.cursor, rc.until, 1, rc.now, rc.now, inflight.Lease{Epoch: tx.Version().Epoch, N: 1}}
		l.held = append(l.held, h)
		rc.out = append(rc.out, delivered{h.item(l.id), bytes.Clone(kv.Value)})
	}
	return nil
}

// item shows a held message as an item.
func (h *held) item(lane uint64) inflight.Item {
	return inflight.Item{ID: h.seq, Visible: h.until, Count: h.count, First: h.first, Last: h.last, Lease: h.lease, Place: lane}
}

// find returns the lane and the index in it of the message of a receipt, and what
// stands against using it.
func (f *fifo) find(tx store.Tx, r receipt, now int64) (*lane, int, outcome, error) {
	l, err := f.lanes.find(tx, r.lane)
	if err != nil || l == nil {
		return nil, 0, gone, err
	}
	i := slices.IndexFunc(l.held, func(h held) bool { return h.seq == r.seq })
	switch {
	case i < 0:
		return l, i, gone, nil
	case l.held[i].lease != r.lease:
		return l, i, older, nil
	case l.held[i].until <= now:
		return l, i, expired, nil
	}
	return l, i, done, nil
}

func (f *fifo) settle(tx store.Tx, r receipt, now int64) (outcome, error) {
	l, i, o, err := f.find(tx, r, now)
	if err != nil || o != done {
		return o, err
	}
	return done, f.alter(tx, l, now, func() {
		tx.Delete(messageKey(l.id, r.seq))
		l.held = slices.Delete(l.held, i, i+1)
		l.messages--
		f.m.meta.Messages--
	})
}

func (f *fifo) change(tx store.Tx, r receipt, now, until int64) (outcome, error) {
	l, i, o, err := f.find(tx, r, now)
	if err != nil || o != done {
		return o, err
	}
	if until-l.held[i].last > maxHeld {
		return tooLong, nil
	}
	return done, f.alter(tx, l, now, func() { l.held[i].until = until })
}

// alter changes a lane of which messages are in flight, and puts it where it
// belongs then.
func (f *fifo) alter(tx store.Tx, l *lane, now int64, change func()) error {
	if err := f.lift(tx, l); err != nil {
		return err
	}
	f.m.meta.InFlight -= l.flown
	change()
	l.flown = l.flying(now)
	f.m.meta.InFlight += l.flown
	f.stand(tx, l, now)
	f.commit()
	return nil
}

func (f *fifo) ready(r store.Reader, now int64) (int64, bool, error) {
	at, ok, err := f.locked.Due(r)
	if err == nil {
		err = f.meet(r)
	}
	if err != nil {
		return 0, false, err
	}
	if _, some, err := f.directory.First(r); some || err != nil {
		return now, some, err
	}
	return at, ok, nil
}

// meet reads the lanes that were locked when the queue was loaded: counts needs
// them when their locks end.
func (f *fifo) meet(r store.Reader) error {
	if f.met {
		return nil
	}
	for id := range f.locked.Known() {
		if _, err := f.lanes.get(r, id); err != nil {
			return err
		}
	}
	f.met = true
	return nil
}

func (f *fifo) counts(now int64) counts {
	c := counts{inFlight: f.m.meta.InFlight}
	for id := range f.locked.Ready(now) {
		if l := f.lanes.known[id]; l != nil {
			c.inFlight -= l.flown - l.flying(now)
		}
	}
	if delay := f.m.desc.Attributes.DelaySeconds; delay > 0 {
		c.delayed = min(f.delays.count(now, int64(delay)), f.m.meta.Messages-c.inFlight)
	}
	c.visible = f.m.meta.Messages - c.inFlight - c.delayed
	return c
}

func (f *fifo) clear(tx store.Tx) {
	f.locked.Clear(tx)
	f.lanes.clear(tx)
	f.directory.Clear(tx)
	tx.DeleteRange(messagePrefix, laneEnd(math.MaxUint64-1))
	f.forgetIDs(tx)
	clear(f.delays)
	f.m.meta.Messages, f.m.meta.InFlight = 0, 0
	f.commit()
}

// expire leaves the messages of locked lanes to the receives that follow the lock.
func (f *fifo) expire(tx store.Tx, now, before int64, limit int) (int, error) {
	defer f.commit()
	horizon := sequenceAt(before)
	// Lanes whose lock is over go back to the directory.
	for _, id := range slices.Collect(f.locked.Ready(now)) {
		l, err := f.lanes.get(tx, id)
		if err != nil {
			return 0, err
		}
		if l.flying(now) > 0 {
			continue
		}
		if err := f.lift(tx, l); err != nil {
			return 0, err
		}
		f.m.meta.InFlight -= l.flown
		l.flown = 0
		f.stand(tx, l, now)
	}
	n := 0
	for n < limit {
		p, ok, err := f.directory.First(tx)
		if err != nil || !ok || uint64(p.At) >= horizon {
			return n, err
		}
		l, err := f.lanes.get(tx, p.ID)
		if err != nil {
			return n, err
		}
		f.directory.Remove(tx, p)
		f.m.meta.InFlight -= l.flown
		k, err := f.drop(tx, l, horizon, limit-n)
		if err != nil {
			return n, err
		}
		n += k
		l.flown = 0 // no lane of the directory is locked
		f.stand(tx, l, now)
	}
	return n, nil
}

// drop removes the messages of a lane that were sent before the horizon, at most
// limit of them.
func (f *fifo) drop(tx store.Tx, l *lane, horizon uint64, limit int) (n int, err error) {
	for len(l.held) > 0 && n < limit && l.held[0].seq < horizon {
		tx.Delete(messageKey(l.id, l.held[0].seq))
		l.held = slices.Delete(l.held, 0, 1)
		n++
	}
	if l.messages -= int64(n); len(l.held) == 0 && l.messages > 0 {
		r := run{l.id, l.cursor, l.messages}
		k, err := r.drop(tx, horizon, limit-n)
		if err != nil {
			return n, err
		}
		l.cursor, l.messages = r.cursor, r.messages
		n += k
	}
	f.m.meta.Messages -= int64(n)
	return n, nil
}
