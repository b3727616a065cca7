package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// ListQueues lists the account's queues in the region by name.
func (s *Service) ListQueues(ctx context.Context, in *sqsapi.ListQueuesRequest, out *sqsapi.ListQueuesResult) error {
	call := api.CallOf(ctx)
	if err := notAtQueue(call, "ListQueues"); err != nil {
		return err
	}
	p, err := s.page(call, in.QueueNamePrefix.V, in.MaxResults, in.NextToken)
	if err != nil {
		return err
	}
	more := false
	err = s.registry(call.Account, call.Region).names(ctx, in.QueueNamePrefix.V, p.after, func(r *registryRow) bool {
		more = !p.add(&out.QueueUrls, queueKey{call.Account, call.Region, r.Name})
		return !more
	})
	if err != nil {
		return err
	}
	out.NextToken, err = s.next(p, more)
	return err
}
