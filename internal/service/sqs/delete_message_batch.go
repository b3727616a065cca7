package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// DeleteMessageBatch deletes the messages of up to ten receipt handles, each for
// itself.
func (s *Service) DeleteMessageBatch(ctx context.Context, in *sqsapi.DeleteMessageBatchRequest, out *sqsapi.DeleteMessageBatchResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if err := checkBatch(in.Entries, "DeleteMessageBatchRequestEntry", func(e *sqsapi.DeleteMessageBatchRequestEntry) string { return e.Id.V }); err != nil {
		return err
	}
	all := make([]settling, len(in.Entries))
	for i := range in.Entries {
		all[i].handle = in.Entries[i].ReceiptHandle.V
	}
	if err := s.settle(ctx, key, all, false); err != nil {
		return answer(call, err)
	}
	for i := range all {
		id := in.Entries[i].Id.V
		if all[i].err != nil {
			out.Failed = append(out.Failed, failed(id, all[i].err))
			continue
		}
		out.Successful = append(out.Successful, sqsapi.DeleteMessageBatchResultEntry{Id: api.Some(id)})
	}
	return nil
}
