package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// GetQueueUrl returns the URL of a queue that is known by its name. Of other
// accounts' queues it does not tell whether they are there.
func (s *Service) GetQueueUrl(ctx context.Context, in *sqsapi.GetQueueUrlRequest, out *sqsapi.GetQueueUrlResult) error {
	call := api.CallOf(ctx)
	if !in.QueueName.Set {
		return missingParameter("QueueName")
	}
	key := queueKey{call.Account, call.Region, in.QueueName.V}
	if owner := in.QueueOwnerAWSAccountId.Or(call.Account); owner != call.Account {
		return sqsapi.ErrQueueDoesNotExist.New("The specified queue does not exist or you do not have access to it.")
	}
	if !isName(key.name) {
		return noSuchQueue(call)
	}
	if _, err := s.durable(ctx, key); err != nil {
		return answer(call, err)
	}
	out.QueueUrl = api.Some(queueURL(call, key))
	return nil
}
