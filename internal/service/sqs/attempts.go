package sqs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// A receive of a FIFO queue may name itself. Within the window a repeat gets the
// same messages under the same leases, as long as none of them was deleted,
// changed or has come due; else it is a receive like any other.

// remember notes what a receive got that names itself.
func (f *fifo) remember(tx store.Tx, rc *receiving) {
	if rc.attempt == "" || len(rc.out) == 0 {
		return
	}
	var b []byte
	for i := range rc.out {
		it := &rc.out[i].item
		for _, v := range []uint64{it.Place, it.ID, it.Lease.Epoch, it.Lease.N, uint64(it.Visible)} {
			b = binary.BigEndian.AppendUint64(b, v)
		}
	}
	f.know(tx, knownAttempts, rc.now, b, rc.attempt)
}

// repeat answers an attempt that is known, and reports whether it is.
func (f *fifo) repeat(tx store.Tx, rc *receiving) (bool, error) {
	if rc.attempt == "" {
		return false, nil
	}
	b, err := known(tx, knownAttempts, rc.now, rc.attempt)
	if err != nil || b == nil {
		return false, err
	}
	const size = 5 * 8
	if len(b)%size != 0 {
		return false, fmt.Errorf("%w: receive that a queue remembers", store.ErrCorrupt)
	}
	var out []delivered
	for ; len(b) > 0; b = b[size:] {
		v := func(i int) uint64 { return binary.BigEndian.Uint64(b[8*i:]) }
		r := receipt{lane: v(0), seq: v(1), lease: inflight.Lease{Epoch: v(2), N: v(3)}}
		l, i, o, err := f.find(tx, r, rc.now)
		if err != nil {
			return false, err
		}
		if o != done || l.held[i].until != int64(v(4)) {
			return false, nil
		}
		msg, err := tx.Get(messageKey(r.lane, r.seq))
		if err != nil {
			return false, missing(inflight.Item{ID: r.seq, Place: r.lane}, err)
		}
		out = append(out, delivered{l.held[i].item(l.id), bytes.Clone(msg)})
	}
	for i := range out {
		it := &out[i].item
		it.Visible = rc.until
		l, err := f.lanes.get(tx, it.Place)
		if err != nil {
			return false, err
		}
		err = f.alter(tx, l, rc.now, func() {
			k := slices.IndexFunc(l.held, func(h held) bool { return h.seq == it.ID })
			l.held[k].until = rc.until
		})
		if err != nil {
			return false, err
		}
	}
	rc.out = out
	f.remember(tx, rc)
	return true, nil
}
