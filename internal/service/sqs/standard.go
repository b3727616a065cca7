package sqs

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// backAfter is the number of receives after which a message waits behind the
// backlog (reference sqs §9).
const backAfter = 3

// standard is the order of standard queues: what has come due again, then the
// backlog by time, where noisy groups come last.
type standard struct {
	m     *memory
	items *inflight.Machine
	fair  *fair // lanes of the groups
	early *inflight.Index
}

func newStandard(m *memory) *standard {
	return &standard{
		m:     m,
		items: inflight.New(inflight.Options{Prefix: itemsPrefix, Back: backAfter}, m.meta.Items),
		fair:  newFair(m),
		early: inflight.NewIndex(earlyPrefix, earlyWindow),
	}
}

// commit copies the machine's counts into what the commit stores.
func (s *standard) commit() { s.m.meta.Items = s.items.Counts() }

func (s *standard) send(tx store.Tx, sd *sending) error {
	s.m.meta.Messages++
	if delay := sd.delay.Or(s.m.desc.Attributes.DelaySeconds); delay > 0 {
		tx.Set(messageKey(asideLane, sd.seq), sd.row)
		s.items.Put(tx, inflight.Item{ID: sd.seq, Visible: sd.now + 1000*int64(delay), Place: asideLane})
		s.commit()
		return nil
	}
	lane := uint64(plainLane)
	if sd.group != "" {
		var err error
		if lane, err = s.fair.add(tx, sd.group, sd.seq, sd.now); err != nil {
			return err
		}
	} else {
		if s.m.meta.Fresh == 0 {
			s.m.meta.Cursor = sd.seq
		}
		s.m.meta.Fresh++
	}
	tx.Set(messageKey(lane, sd.seq), sd.row)
	if sd.since > 0 {
		s.early.Add(tx, inflight.Place{At: sd.since, ID: sd.seq}, 0)
	}
	return nil
}

func (s *standard) receive(tx store.Tx, rc *receiving) error {
	defer s.commit()
	s.room(rc)
	if err := s.fair.review(tx, rc.now); err != nil {
		return err
	}
	if rc.horizon > 0 {
		n, err := s.expireEarly(tx, rc.horizon, maxSkipped)
		if err != nil {
			return err
		}
		rc.skipped += n
	}
	for met := -1; rc.more() && met != rc.met(); {
		met = rc.met()
		if err := s.due(tx, rc); err != nil {
			return err
		}
		// What waits behind the backlog can be had once that is empty.
		if err := s.backlog(tx, rc); err != nil {
			return err
		}
	}
	// The leases come last: a message that can be had again at once must not be met
	// twice.
	for i := range rc.out {
		it := &rc.out[i].item
		if !it.Delivered() {
			s.fair.noise.delivered(it.Place)
		}
		*it = s.items.Deliver(tx, *it, true, rc.now, rc.until)
	}
	return s.judge(tx, rc)
}

// judge looks for noise in what was delivered.
func (s *standard) judge(tx store.Tx, rc *receiving) error {
	last := uint64(plainLane)
	for i := range rc.out {
		if lane := rc.out[i].item.Place; lane != last && lane >= firstLane {
			last = lane
			if err := s.fair.judge(tx, lane, s.items.Counts().Delivered, rc.now); err != nil {
				return err
			}
		}
	}
	return nil
}

// due takes what has come due out of the machine.
func (s *standard) due(tx store.Tx, rc *receiving) error {
	for rc.more() {
		head, err := s.head(tx)
		if err != nil {
			return err
		}
		it, ok, err := s.items.Next(tx, rc.now, head)
		if err != nil || !ok {
			return err
		}
		if sentAt(it.ID) < rc.horizon {
			s.remove(tx, it)
			rc.skip()
			continue
		}
		if rc.maxReceives > 0 && it.Count >= rc.maxReceives && rc.dead != nil {
			s.items.Remove(tx, it)
			s.fair.noise.left(it)
			rc.bury(it)
			continue
		}
		if !rc.take() {
			return nil
		}
		b, err := tx.Get(messageKey(it.Place, it.ID))
		if err != nil {
			return missing(it, err)
		}
		s.items.Remove(tx, it)
		rc.out = append(rc.out, delivered{it, bytes.Clone(b)})
	}
	return nil
}

// head returns when the head of the backlog was sent, math.MaxInt64 where there
// is no backlog but that of noisy groups.
func (s *standard) head(r store.Reader) (int64, error) {
	l, err := s.fair.quiet(r)
	if err != nil {
		return 0, err
	}
	head := int64(math.MaxInt64)
	if l != nil {
		head = sentAt(l.cursor)
	}
	if s.m.meta.Fresh > 0 {
		head = min(head, sentAt(s.m.meta.Cursor))
	}
	return head, nil
}

// room begins a receive's account of the messages that may come into flight.
// Those that have come due count as delivered until they are delivered anew.
func (s *standard) room(rc *receiving) {
	rc.room = rc.limit - s.items.Counts().Delivered
	if rc.room < int64(rc.max) {
		rc.room += s.items.Visible(rc.now).Delivered
	}
}

// backlog takes what was never delivered, oldest first.
func (s *standard) backlog(tx store.Tx, rc *receiving) error {
	meta := &s.m.meta
	for rc.more() {
		l, noisy, err := s.fair.next(tx)
		if err != nil {
			return err
		}
		if meta.Fresh > 0 && (l == nil || noisy || meta.Cursor < l.cursor) {
			run := run{plainLane, meta.Cursor, meta.Fresh}
			before := uint64(math.MaxUint64)
			if l != nil && !noisy {
				before = l.cursor
			}
			if err := s.take(tx, rc, &run, before); err != nil {
				return err
			}
			meta.Cursor, meta.Fresh = run.cursor, run.messages
			continue
		}
		if l == nil {
			return nil
		}
		if err := s.takeLane(tx, rc, l); err != nil {
			return err
		}
	}
	return nil
}

// takeLane takes from a group's lane up to where another message is older.
func (s *standard) takeLane(tx store.Tx, rc *receiving, l *lane) error {
	before, err := s.fair.begin(tx, l)
	if err != nil {
		return err
	}
	if s.m.meta.Fresh > 0 {
		before = min(before, s.m.meta.Cursor)
	}
	run := run{l.id, l.cursor, l.messages}
	if err := s.take(tx, rc, &run, before); err != nil {
		return err
	}
	l.cursor, l.messages = run.cursor, run.messages
	s.fair.end(tx, l)
	return nil
}

// run is the part of a lane that was never delivered.
type run struct {
	lane     uint64
	cursor   uint64 // of its first message, where it has one
	messages int64
}

// take takes messages of a run up to a sequence, and moves its cursor to what is
// first then.
func (s *standard) take(tx store.Tx, rc *receiving, r *run, before uint64) error {
	horizon := sequenceAt(rc.horizon)
	for kv, err := range tx.Scan(messageKey(r.lane, r.cursor), laneEnd(r.lane)) {
		if err != nil {
			return err
		}
		r.cursor = seqOf(kv.Key)
		if r.cursor >= before || !rc.more() {
			break
		}
		if r.cursor < horizon {
			tx.Delete(messageKey(r.lane, r.cursor))
			r.messages--
			s.m.meta.Messages--
			rc.skip()
			continue
		}
		if !rc.take() {
			break
		}
		r.messages--
		rc.out = append(rc.out, delivered{inflight.Item{ID: r.cursor, Place: r.lane}, bytes.Clone(kv.Value)})
	}
	return nil
}

func missing(it inflight.Item, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: message %d of lane %d is known and not there", store.ErrCorrupt, it.ID, it.Place)
	}
	return err
}

// find returns the item of a receipt, and what stands against using it.
func (s *standard) find(tx store.Tx, r receipt, now int64) (inflight.Item, outcome, error) {
	it, ok, err := s.items.Find(tx, r.seq)
	switch {
	case err != nil || !ok:
		return it, gone, err
	case it.Lease != r.lease:
		return it, older, nil
	case it.Visible <= now:
		return it, expired, nil
	}
	return it, done, nil
}

func (s *standard) settle(tx store.Tx, r receipt, now int64) (outcome, error) {
	it, o, err := s.find(tx, r, now)
	if err != nil || o == gone || o == older {
		return o, err
	}
	// A receipt that has expired still deletes, as long as nobody else holds the
	// message (reference sqs §5).
	s.remove(tx, it)
	s.fair.noise.settled(it, now)
	return done, s.fair.judge(tx, it.Place, s.items.Counts().Delivered, now)
}

// remove takes a message out that is an item.
func (s *standard) remove(tx store.Tx, it inflight.Item) {
	s.items.Remove(tx, it)
	s.fair.noise.left(it)
	tx.Delete(messageKey(it.Place, it.ID))
	s.m.meta.Messages--
	s.commit()
}

func (s *standard) change(tx store.Tx, r receipt, now, until int64) (outcome, error) {
	was, o, err := s.find(tx, r, now)
	if err != nil || o == gone || o == older {
		return o, err
	}
	if o == expired {
		return done, nil // as AWS was seen to answer; somebody may have it any moment
	}
	if until-was.Last > maxHeld {
		return tooLong, nil
	}
	it := was
	it.Visible = until
	s.items.Change(tx, was, it)
	s.commit()
	return done, nil
}

func (s *standard) ready(r store.Reader, now int64) (int64, bool, error) {
	at, ok, err := s.items.Due(r)
	if err != nil {
		return 0, false, err
	}
	l, _, err := s.fair.next(r)
	if err != nil || l != nil || s.m.meta.Fresh > 0 {
		return now, err == nil, err
	}
	return at, ok, nil
}

func (s *standard) counts(now int64) counts {
	all, due := s.items.Counts(), s.items.Visible(now)
	c := counts{inFlight: all.Delivered - due.Delivered, delayed: all.Waiting - due.Waiting}
	c.visible = s.m.meta.Messages - c.inFlight - c.delayed
	return c
}

func (s *standard) clear(tx store.Tx) {
	s.items.Clear(tx)
	s.fair.clear(tx)
	s.early.Clear(tx)
	tx.DeleteRange(messagePrefix, laneEnd(math.MaxUint64-1))
	s.m.meta.Messages, s.m.meta.Fresh = 0, 0
	s.m.meta.Cursor = s.m.meta.Last + 1
	s.commit()
}

func (s *standard) expire(tx store.Tx, _, before int64, limit int) (int, error) {
	defer s.commit()
	horizon := sequenceAt(before)
	var old []inflight.Item
	for kv, err := range tx.Scan(s.items.Bounds(0, horizon)) {
		if err != nil {
			return 0, err
		}
		if len(old) == limit {
			break
		}
		it, err := s.items.Decode(kv)
		if err != nil {
			return 0, err
		}
		old = append(old, it)
	}
	for _, it := range old {
		s.remove(tx, it)
	}
	n, err := s.expireEarly(tx, before, limit-len(old))
	if err != nil {
		return 0, err
	}
	n += len(old)
	meta := &s.m.meta
	if n < limit && meta.Fresh > 0 && meta.Cursor < horizon {
		r := run{plainLane, meta.Cursor, meta.Fresh}
		k, err := r.drop(tx, horizon, limit-n)
		if err != nil {
			return 0, err
		}
		meta.Cursor, meta.Fresh = r.cursor, r.messages
		meta.Messages -= int64(k)
		n += k
	}
	for n < limit {
		l, err := s.fair.oldest(tx)
		if err != nil {
			return 0, err
		}
		if l == nil || l.cursor >= horizon {
			break
		}
		if _, err := s.fair.begin(tx, l); err != nil {
			return 0, err
		}
		r := run{l.id, l.cursor, l.messages}
		k, err := r.drop(tx, horizon, limit-n)
		if err != nil {
			return 0, err
		}
		l.cursor, l.messages = r.cursor, r.messages
		s.fair.end(tx, l)
		meta.Messages -= int64(k)
		n += k
	}
	return n, nil
}

// drop removes the messages of a run that were sent before the horizon, at most
// limit of them, and returns how many.
func (r *run) drop(tx store.Tx, horizon uint64, limit int) (n int, err error) {
	from := messageKey(r.lane, r.cursor)
	for kv, err := range tx.Scan(from, laneEnd(r.lane)) {
		if err != nil {
			return 0, err
		}
		r.cursor = seqOf(kv.Key)
		if n == limit || r.cursor >= horizon {
			break
		}
		n++
		r.cursor++
	}
	tx.DeleteRange(from, messageKey(r.lane, r.cursor))
	r.messages -= int64(n)
	return n, nil
}
