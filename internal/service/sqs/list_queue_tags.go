package sqs

import (
	"context"
	"maps"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// ListQueueTags shows a queue's tags.
func (s *Service) ListQueueTags(ctx context.Context, in *sqsapi.ListQueueTagsRequest, out *sqsapi.ListQueueTagsResult) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	d, err := s.durable(ctx, key)
	if err != nil {
		return answer(call, err)
	}
	if len(d.Tags) > 0 {
		out.Tags = maps.Clone(d.Tags)
	}
	return nil
}
