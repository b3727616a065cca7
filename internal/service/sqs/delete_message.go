package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
)

// DeleteMessage deletes the message of a receipt handle. When it answers, the
// message does not come back.
func (s *Service) DeleteMessage(ctx context.Context, in *sqsapi.DeleteMessageRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if !in.ReceiptHandle.Set {
		return missingParameter("ReceiptHandle")
	}
	return answer(call, s.settle(ctx, key, []settling{{handle: in.ReceiptHandle.V}}, true))
}

// settling is one deletion or change of visibility of a request.
type settling struct {
	handle  string
	timeout int32 // seconds, of a change
	refused error // by a check before; nil for none
	err     *api.Error
}

// settle deletes messages in one commit, each for itself; where it is single, the
// error of the first is the request's.
func (s *Service) settle(ctx context.Context, key queueKey, all []settling, single bool) error {
	deleted := 0
	err := s.apply(ctx, key, all, single, func(tx store.Tx, m *memory, r receipt, sg *settling, now int64) error {
		o, err := m.order.settle(tx, r, now)
		switch o {
		case done:
			deleted++
		case older, expired:
			// In a standard queue an older handle deletes nothing, and that is no
			// error: the message is somebody else's now (reference sqs §5).
			if key.fifo() {
				sg.err = expiredReceipt(sg.handle)
			}
		}
		return err
	})
	if err == nil && deleted > 0 {
		s.o.Metrics.Deleted(key.account, key.region, key.name, deleted)
	}
	return err
}

// apply runs f for every receipt handle in one commit.
func (s *Service) apply(ctx context.Context, key queueKey, all []settling, single bool, f func(tx store.Tx, m *memory, r receipt, sg *settling, now int64) error) error {
	err := s.update(store.Freeing(ctx), key, func(tx store.Tx, _ *queue, m *memory) error {
		now := s.now()
		for i := range all {
			sg := &all[i]
			r, err := openReceipt(s.tokens, m.desc.Incarnation, sg.handle)
			if sg.refused != nil {
				err = sg.refused
			}
			if sg.err = nil; err == nil {
				err = f(tx, m, r, sg, now)
			}
			if err != nil && !errors.As(err, &sg.err) {
				return err
			}
		}
		if single && all[0].err != nil {
			return all[0].err
		}
		fault.Point("sqs.settle.written")
		return nil
	})
	if err == nil {
		fault.Point("sqs.settle.durable")
	}
	return err
}
