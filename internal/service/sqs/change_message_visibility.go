package sqs

import (
	"context"
	"strconv"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// ChangeMessageVisibility moves the time at which a message that is in flight can
// be received again.
func (s *Service) ChangeMessageVisibility(ctx context.Context, in *sqsapi.ChangeMessageVisibilityRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	switch {
	case !in.ReceiptHandle.Set:
		return missingParameter("ReceiptHandle")
	case !in.VisibilityTimeout.Set:
		return missingParameter("VisibilityTimeout")
	}
	if err := checkVisibility(in.VisibilityTimeout); err != nil {
		return err
	}
	return answer(call, s.change(ctx, key, []settling{{handle: in.ReceiptHandle.V, timeout: in.VisibilityTimeout.V}}, true))
}

// change changes visibilities in one commit, each for itself. See settle.
func (s *Service) change(ctx context.Context, key queueKey, all []settling, single bool) error {
	return s.apply(ctx, key, all, single, func(tx store.Tx, m *memory, r receipt, sg *settling, now int64) error {
		o, err := m.order.change(tx, r, now, now+1000*int64(sg.timeout))
		switch o {
		case gone:
			sg.err = unavailableMessage(sg.handle)
		case older, expired:
			if key.fifo() {
				sg.err = expiredReceipt(sg.handle)
			}
		case tooLong:
			sg.err = heldTooLong(strconv.Itoa(int(sg.timeout)))
		}
		return err
	})
}
