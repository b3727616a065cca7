package sqs

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// setAside moves the contents of a message to where no scan of its lane meets
// them. Messages that leave a FIFO queue wait there.
func setAside(tx store.Tx, lane, seq uint64, contents []byte) {
	tx.Delete(messageKey(lane, seq))
	tx.Set(messageKey(asideLane, seq), contents)
}

func (f *fifo) leave(tx store.Tx, it inflight.Item, now int64) (inflight.Item, error) {
	l, i, o, err := f.find(tx, receipt{lane: it.Place, seq: it.ID, lease: it.Lease}, now)
	if err == nil && o != done {
		err = store.ErrNotFound
	}
	if err != nil {
		return it, missing(it, err)
	}
	b, err := tx.Get(messageKey(it.Place, it.ID))
	if err != nil {
		return it, missing(it, err)
	}
	setAside(tx, it.Place, it.ID, bytes.Clone(b))
	it.Place = asideLane
	return it, f.alter(tx, l, now, func() {
		l.held = slices.Delete(l.held, i, i+1)
		l.messages--
		f.m.meta.Messages--
	})
}

// back puts the message among those of its group that were delivered before,
// which are the first to be delivered.
func (f *fifo) back(tx store.Tx, it inflight.Item, group string, now int64) error {
	defer f.commit()
	b, err := tx.Get(messageKey(it.Place, it.ID))
	if err != nil {
		return missing(it, err)
	}
	l, err := f.lanes.of(tx, group)
	if err != nil {
		return err
	}
	if l == nil {
		l = f.lanes.make(tx, group)
	} else if err := f.lift(tx, l); err != nil {
		return err
	}
	tx.Set(messageKey(l.id, it.ID), bytes.Clone(b))
	tx.Delete(messageKey(it.Place, it.ID))
	i, _ := slices.BinarySearchFunc(l.held, it.ID, func(h held, seq uint64) int { return cmp.Compare(h.seq, seq) })
	l.held = slices.Insert(l.held, i, held{it.ID, now, it.Count, it.First, it.Last, it.Lease})
	l.messages++
	f.m.meta.Messages++
	f.m.meta.InFlight -= l.flown
	l.flown = l.flying(now)
	f.m.meta.InFlight += l.flown
	f.stand(tx, l, now)
	return nil
}

// lift takes a lane out of where it stands.
func (f *fifo) lift(tx store.Tx, l *lane) error {
	it, ok, err := f.locked.Find(tx, l.id)
	switch {
	case err != nil:
		return err
	case ok:
		f.locked.Remove(tx, it)
	default:
		f.directory.Remove(tx, inflight.Place{At: int64(l.head()), ID: l.id})
	}
	return nil
}
