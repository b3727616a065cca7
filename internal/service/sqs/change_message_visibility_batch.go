package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// ChangeMessageVisibilityBatch is ChangeMessageVisibility of up to ten messages,
// each for itself.
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, in *sqsapi.ChangeMessageVisibilityBatchRequest, out *sqsapi.ChangeMessageVisibilityBatchResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if err := checkBatch(in.Entries, "ChangeMessageVisibilityBatchRequestEntry", func(e *sqsapi.ChangeMessageVisibilityBatchRequestEntry) string { return e.Id.V }); err != nil {
		return err
	}
	all := make([]settling, len(in.Entries))
	for i := range in.Entries {
		e := &in.Entries[i]
		all[i] = settling{handle: e.ReceiptHandle.V, timeout: e.VisibilityTimeout.V, refused: checkVisibility(e.VisibilityTimeout)}
	}
	if err := s.change(ctx, key, all, false); err != nil {
		return answer(call, err)
	}
	for i := range all {
		id := in.Entries[i].Id.V
		if all[i].err != nil {
			out.Failed = append(out.Failed, failed(id, all[i].err))
			continue
		}
		out.Successful = append(out.Successful, sqsapi.ChangeMessageVisibilityBatchResultEntry{Id: api.Some(id)})
	}
	return nil
}
