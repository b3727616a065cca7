package sqs

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// outboxRow is a message that leaves the queue for another one. It lies where it
// lay until it has arrived, and is in no order and no count meanwhile.
type outboxRow struct {
	Lane   uint64 `json:"lane"`
	Target string `json:"target,omitempty"` // ARN of the queue; empty: there is none to be found
	Dead   bool   `json:"dead,omitempty"`   // it goes to a dead-letter queue; else a task moves it
	// What was known of it, to be known again if it has to come back.
	Count uint32         `json:"count,omitempty"` // receives
	First int64          `json:"first,omitempty"` // ms, of the first one
	Last  int64          `json:"last,omitempty"`  // ms, of the last one
	Lease inflight.Lease `json:"lease"`           // of the last one
}

var outboxPrefix = []byte("o/")

func outboxKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte("o/"), seq) }

// post puts a message into the outbox that is in no order any more.
func post(tx store.Tx, it inflight.Item, target string, dead bool) {
	tx.Set(outboxKey(it.ID), row.Encode(outboxRow{it.Place, target, dead, it.Count, it.First, it.Last, it.Lease}))
}

// item shows a message of the outbox as the item that it was.
func (o *outboxRow) item(seq uint64) inflight.Item {
	return inflight.Item{ID: seq, Count: o.Count, First: o.First, Last: o.Last, Lease: o.Lease, Place: o.Lane}
}

// bury puts a message that was received too often into the outbox.
func (m *memory) bury(tx store.Tx, it inflight.Item) {
	m.meta.Messages--
	post(tx, it, m.desc.Attributes.RedrivePolicy.Target, true)
}
