package sqs

import (
	"encoding/binary"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// outboxRow is a message that leaves the queue for another one. It lies where it
// lay until it has arrived.
type outboxRow struct {
	Lane   uint64 `json:"lane"`
	Target string `json:"target"` // ARN of the queue
	Dead   bool   `json:"dead"`   // it goes to a dead-letter queue; else a task moves it
	Count  uint32 `json:"count"`  // receives
	First  int64  `json:"first"`  // ms, of the first one
}

func outboxKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte("o/"), seq) }

// bury puts a message that was received too often into the outbox. It is in no
// order any more.
func (q *queue) bury(tx store.Tx, m *memory, it inflight.Item) error {
	m.meta.Messages--
	tx.Set(outboxKey(it.ID), row.Encode(outboxRow{
		Lane: it.Place, Target: m.desc.Attributes.RedrivePolicy.Target, Dead: true, Count: it.Count, First: it.First,
	}))
	return nil
}
