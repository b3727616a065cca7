package sqs

import (
	"context"
	"maps"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// TagQueue gives a queue tags, beside those that it has; one of the same key is
// replaced.
func (s *Service) TagQueue(ctx context.Context, in *sqsapi.TagQueueRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	if len(in.Tags) == 0 {
		return missingParameter("Tags")
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	return answer(call, s.alter(ctx, key, func(d *description) error {
		tags := make(map[string]string, len(d.Tags)+len(in.Tags))
		maps.Copy(tags, d.Tags)
		maps.Copy(tags, in.Tags)
		d.Tags = tags
		return checkTagCount(tags)
	}))
}
