package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// RemovePermission removes a statement from a queue's policy, and the policy with
// the last one.
func (s *Service) RemovePermission(ctx context.Context, in *sqsapi.RemovePermissionRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	return answer(call, s.alterPolicy(ctx, key, func(policy string) (string, error) {
		return removePermission(policy, in.Label.V)
	}))
}
