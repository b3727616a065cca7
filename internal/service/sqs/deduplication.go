package sqs

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// window is how long a FIFO queue knows a deduplication id and the id of a
// receive (reference sqs §6).
const window = 5 * time.Minute

// What is known for a window lies in generations, each a window long: what is
// looked for is in this one or in the one before, and a whole generation goes by
// one range deletion.

func generation(ms int64) uint64 { return uint64(ms) / uint64(window.Milliseconds()) }

// knownKey is the row of a name, of which the hash is enough, in a generation.
func knownKey(kind byte, generation uint64, name ...string) []byte {
	h := sha256.New()
	for _, part := range name {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	b := append(make([]byte, 0, 2+8+sha256.Size), kind, '/')
	b = binary.BigEndian.AppendUint64(b, generation)
	return h.Sum(b)[:2+8+16]
}

// Kinds of what is known.
const (
	knownIDs      = 'd' // deduplication ids
	knownAttempts = 'a' // ids of receives
)

// known returns the row of a name in the window before now, nil where there is
// none. The row begins with its time.
func known(r store.Reader, kind byte, now int64, name ...string) ([]byte, error) {
	for _, g := range []uint64{generation(now), generation(now) - 1} {
		b, err := r.Get(knownKey(kind, g, name...))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(b) < 8 {
			return nil, fmt.Errorf("%w: id that a queue remembers", store.ErrCorrupt)
		}
		if at := int64(binary.BigEndian.Uint64(b)); now-at < window.Milliseconds() {
			return b[8:], nil
		}
	}
	return nil, nil
}

// know remembers a name for the window after now.
func (f *fifo) know(tx store.Tx, kind byte, now int64, what []byte, name ...string) {
	if g := generation(now); g > f.m.meta.Generations {
		f.m.meta.Generations = g
		for _, k := range []byte{knownIDs, knownAttempts} {
			tx.DeleteRange([]byte{k, '/'}, binary.BigEndian.AppendUint64([]byte{k, '/'}, g-1))
		}
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(what)), uint64(now))
	tx.Set(knownKey(kind, generation(now), name...), append(b, what...))
}

// deduplicate looks for an earlier message with the deduplication id, and
// remembers the id where there is none.
func (f *fifo) deduplicate(tx store.Tx, sd *sending) (repeats bool, err error) {
	scope := ""
	if f.m.desc.Attributes.perGroup() {
		scope = sd.group
	}
	b, err := known(tx, knownIDs, sd.now, scope, sd.dedup)
	if err != nil {
		return false, err
	}
	if b == nil {
		what := binary.BigEndian.AppendUint64(nil, sd.seq)
		f.know(tx, knownIDs, sd.now, append(what, sd.messageID[:]...), scope, sd.dedup)
		return false, nil
	}
	if len(b) != 8+len(sd.messageID) {
		return false, fmt.Errorf("%w: id that a queue remembers", store.ErrCorrupt)
	}
	sd.repeats = true
	sd.seq = binary.BigEndian.Uint64(b)
	copy(sd.messageID[:], b[8:])
	return true, nil
}

// forgetIDs forgets everything that is known for a window.
func (f *fifo) forgetIDs(tx store.Tx) {
	for _, k := range []byte{knownIDs, knownAttempts} {
		tx.DeleteRange([]byte{k, '/'}, []byte{k, '/' + 1})
	}
}
