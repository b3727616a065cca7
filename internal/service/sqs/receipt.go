package sqs

import (
	"encoding/binary"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/token"
)

// receipt is what a receipt handle means: one receive of one message.
type receipt struct {
	incarnation uint64 // of the queue
	lane, seq   uint64 // where the message lies
	lease       inflight.Lease
}

// A receipt as bytes: its version and its numbers, big-endian.
const (
	receiptVersion = 1
	receiptBytes   = 1 + 5*8
)

// receiptKind is what tokens of receipts are sealed for.
var receiptKind = []byte("receipt")

// seal returns the receipt handle.
func (r receipt) seal(s *token.Sealer) (string, error) {
	b := make([]byte, 0, receiptBytes)
	b = append(b, receiptVersion)
	for _, n := range [...]uint64{r.incarnation, r.lane, r.seq, r.lease.Epoch, r.lease.N} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return s.Seal(receiptKind, b)
}

// openReceipt reverses seal. ReceiptHandleIsInvalid for what is no handle, and
// for one of another incarnation, which is another queue.
func openReceipt(s *token.Sealer, incarnation uint64, handle string) (receipt, error) {
	var buf [receiptBytes]byte
	b, err := s.Open(buf[:0], receiptKind, handle)
	if errors.Is(err, token.ErrForeign) || err == nil && (len(b) != receiptBytes || b[0] != receiptVersion) {
		return receipt{}, invalidReceipt(handle)
	}
	if err != nil {
		return receipt{}, err
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	r := receipt{incarnation: n(0), lane: n(1), seq: n(2), lease: inflight.Lease{Epoch: n(3), N: n(4)}}
	if r.incarnation != incarnation {
		return receipt{}, invalidReceipt(handle)
	}
	return r, nil
}

// What may be wrong with a receipt handle, in AWS's words (reference sqs §2, §3, §5).

func invalidReceipt(handle string) *api.Error {
	return sqsapi.ErrReceiptHandleIsInvalid.New("The input receipt handle \"%s\" is not a valid receipt handle.", handle)
}

func expiredReceipt(handle string) *api.Error {
	return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.")
}

// unavailableMessage is what a change of visibility answers for a message that
// was deleted.
func unavailableMessage(handle string) *api.Error {
	return invalidValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
}

// heldTooLong refuses a change of visibility by which a message would be held
// longer than maxVisibility after it was received.
func heldTooLong(seconds string) *api.Error {
	return invalidValue(seconds, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
}
