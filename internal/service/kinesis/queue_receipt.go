package kinesis

import (
	"encoding/binary"
	"encoding/hex"
	"errors"

	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/token"
)

// queueReceipt is what a receipt handle means: one receive of one record.
type queueReceipt struct {
	id       string // of the queue
	dead     bool   // of a dead letter
	shard    uint32
	position uint64
	lease    inflight.Lease
}

// A receipt as bytes: its version, 1 for a dead letter, its numbers big-endian,
// and the queue's id.
const (
	queueReceiptVersion = 1
	queueReceiptHead    = 2 + 4 + 3*8
)

// queueReceiptKind is what tokens of receipts are sealed for.
var queueReceiptKind = []byte("kinesis queue receipt")

// seal returns the receipt handle.
func (r *queueReceipt) seal(s *token.Sealer) (string, error) {
	b := make([]byte, 0, queueReceiptHead+len(r.id))
	b = append(b, queueReceiptVersion, 0)
	if r.dead {
		b[1] = 1
	}
	b = binary.BigEndian.AppendUint32(b, r.shard)
	for _, n := range [...]uint64{r.position, r.lease.Epoch, r.lease.N} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return s.Seal(queueReceiptKind, append(b, r.id...))
}

// openQueueReceipt reverses seal. token.ErrForeign for what is no handle of the
// queue.
func openQueueReceipt(s *token.Sealer, id, handle string) (*queueReceipt, error) {
	b, err := s.Open(nil, queueReceiptKind, handle)
	if err != nil {
		return nil, err
	}
	if len(b) < queueReceiptHead || b[0] != queueReceiptVersion || string(b[queueReceiptHead:]) != id {
		return nil, token.ErrForeign
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[6+8*i:]) }
	return &queueReceipt{
		id: id, dead: b[1] == 1, shard: binary.BigEndian.Uint32(b[2:]),
		position: n(0), lease: inflight.Lease{Epoch: n(1), N: n(2)},
	}, nil
}

func isForeign(err error) bool { return errors.Is(err, token.ErrForeign) }

// recordID names a record of a stream in every queue and delivery: incarnation,
// shard and position in 40 hexadecimal digits.
func recordID(incarnation uint64, shard uint32, at store.Position) string {
	b := make([]byte, 0, 20)
	b = binary.BigEndian.AppendUint64(b, incarnation)
	b = binary.BigEndian.AppendUint32(b, shard)
	return hex.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(at)))
}
