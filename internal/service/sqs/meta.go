package sqs

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// meta is what every commit of a queue may change: its counters, cursors and
// generation.
type meta struct {
	// Generation is raised by every commit. A memory with another one is stale. It
	// begins at the queue's incarnation times 2^20, so that two queues of one name
	// never share one.
	Generation uint64
	Last       uint64 // the sequence that was given last
	Messages   int64  // all that are there
	Cursor     uint64 // of the plain lane: what is before it was delivered once
	Fresh      int64  // messages of the plain lane from the cursor on
	NextLane   uint64 // the number that the next lane gets
	// Generations: FIFO: what is known for a window lies in this one and the one
	// before.
	Generations uint64
	Items       inflight.Counts
	InFlight    int64 // FIFO: messages in flight
	PurgedAt    int64 // ms; 0 for never
}

const metaVersion = 1

func (m *meta) fields() []*uint64 {
	return []*uint64{&m.Generation, &m.Last, &m.Cursor, &m.NextLane, &m.Generations}
}

func (m *meta) counts() []*int64 {
	return []*int64{&m.Messages, &m.Fresh, &m.Items.Delivered, &m.Items.Waiting, &m.InFlight, &m.PurgedAt}
}

func (m *meta) encode() []byte {
	b := make([]byte, 0, 96)
	b = append(b, metaVersion)
	for _, f := range m.fields() {
		b = binary.AppendUvarint(b, *f)
	}
	for _, f := range m.counts() {
		b = binary.AppendVarint(b, *f)
	}
	return b
}

func decodeMeta(b []byte) (m meta, err error) {
	if len(b) == 0 || b[0] != metaVersion {
		return m, fmt.Errorf("%w: counters of a queue", store.ErrCorrupt)
	}
	b = b[1:]
	for _, f := range m.fields() {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return m, fmt.Errorf("%w: counters of a queue", store.ErrCorrupt)
		}
		*f, b = v, b[n:]
	}
	for _, f := range m.counts() {
		v, n := binary.Varint(b)
		if n <= 0 {
			return m, fmt.Errorf("%w: counters of a queue", store.ErrCorrupt)
		}
		*f, b = v, b[n:]
	}
	return m, nil
}

// sequence gives the next sequence to a message that is sent at now.
func (m *meta) sequence(now int64) uint64 {
	m.Last = max(m.Last+1, sequenceAt(now))
	return m.Last
}
