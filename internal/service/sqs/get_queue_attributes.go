package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// GetQueueAttributes shows what is known of a queue. Its counts are those of
// durable state.
func (s *Service) GetQueueAttributes(ctx context.Context, in *sqsapi.GetQueueAttributesRequest, out *sqsapi.GetQueueAttributesResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	var d *description
	var c counts
	err = s.update(ctx, key, func(tx store.Tx, _ *queue, m *memory) error {
		now := s.now()
		// This brings what has come due into memory, where it is counted.
		if _, _, err := m.order.ready(tx, now); err != nil {
			return err
		}
		d, c = m.desc, m.order.counts(now)
		return nil
	})
	if err != nil {
		return answer(call, err)
	}
	out.Attributes, err = d.Attributes.show(in.AttributeNames, queueFacts{
		key: key, created: d.Created, modified: d.Modified, visible: c.visible, inFlight: c.inFlight, delayed: c.delayed,
	})
	return err
}
