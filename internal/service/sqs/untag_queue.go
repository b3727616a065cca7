package sqs

import (
	"context"
	"maps"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// UntagQueue takes tags from a queue; keys that it does not have are no error.
func (s *Service) UntagQueue(ctx context.Context, in *sqsapi.UntagQueueRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if len(in.TagKeys) == 0 {
		return missingParameter("TagKeys")
	}
	return answer(call, s.alter(ctx, key, func(d *description) error {
		d.Tags = maps.Clone(d.Tags)
		for _, k := range in.TagKeys {
			delete(d.Tags, k)
		}
		return nil
	}))
}
