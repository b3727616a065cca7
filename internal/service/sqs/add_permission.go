package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// AddPermission adds a statement to a queue's policy, by which accounts may do
// actions.
func (s *Service) AddPermission(ctx context.Context, in *sqsapi.AddPermissionRequest) error {
	call := api.CallOf(ctx)
	key, err := s.named(call, in.QueueUrl)
	if err != nil {
		return err
	}
	return answer(call, s.alterPolicy(ctx, key, func(policy string) (string, error) {
		return addPermission(policy, key, in.Label.V, in.AWSAccountIds, in.Actions)
	}))
}

// alterPolicy changes a queue's policy.
func (s *Service) alterPolicy(ctx context.Context, key queueKey, f func(policy string) (string, error)) error {
	return s.alter(ctx, key, func(d *description) (err error) {
		d.Attributes.Policy, err = f(d.Attributes.Policy)
		d.Modified = s.now()
		return err
	})
}
