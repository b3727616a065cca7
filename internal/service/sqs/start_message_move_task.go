package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// maxMoveRate is the most that MaxNumberOfMessagesPerSecond can be.
const maxMoveRate = 500

// StartMessageMoveTask begins to move what can be received from a dead-letter queue
// to another queue, or to where each message came from. The task goes on by itself,
// after a restart too.
func (s *Service) StartMessageMoveTask(ctx context.Context, in *sqsapi.StartMessageMoveTaskRequest, out *sqsapi.StartMessageMoveTaskResult) error {
	call := api.CallOf(ctx)
	source, err := s.movedQueue(ctx, "SourceArn", in.SourceArn)
	if err != nil {
		return err
	}
	if err := checkRange("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, 1, maxMoveRate, "Must be between 1 and 500, if provided."); err != nil {
		return err
	}
	t := moveTask{Rate: in.MaxNumberOfMessagesPerSecond.V, Status: taskRunning}
	if in.DestinationArn.Set {
		destination, err := s.movedQueue(ctx, "DestinationArn", in.DestinationArn)
		switch {
		case err != nil:
			return err
		case destination == source:
			return invalidParameter("Source queue arn and destination queue arn cannot be the same.")
		case destination.fifo() != source.fifo():
			return invalidParameter("Destination queue must be same type of queue as the source.")
		}
		t.Destination = destination.arn()
	}
	dead := false
	err = s.sources(ctx, source, "", func(queueKey) bool {
		dead = true
		return false
	})
	if err != nil {
		return err
	}
	if !dead {
		return invalidParameter("Source queue must be configured as a Dead Letter Queue.")
	}
	t.ID = s.ids.next().String()
	err = s.update(ctx, source, func(tx store.Tx, _ *queue, m *memory) error {
		if active, err := activeTask(tx); err != nil || active != nil {
			if err == nil {
				err = invalidParameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
			}
			return err
		}
		if err := pruneTasks(tx); err != nil {
			return err
		}
		t.Started = s.now()
		t.ToMove = m.order.counts(t.Started).visible
		t.put(tx)
		return nil
	})
	if err != nil {
		return answer(call, err)
	}
	s.mover.kick(source)
	out.TaskHandle = api.Some(taskHandle{t.ID, source.arn()}.encode())
	return nil
}

// movedQueue returns the queue of the caller that a parameter names by its ARN.
func (s *Service) movedQueue(ctx context.Context, parameter string, arn api.Opt[string]) (queueKey, error) {
	call := api.CallOf(ctx)
	if !arn.Set {
		return queueKey{}, missingParameter(parameter)
	}
	key, ok := parseQueueARN(arn.V)
	if !ok {
		return key, invalidParameter("You must use this format to specify the %s: arn:<partition>:<service>:<region>:<account-id>:<resource-id>", parameter)
	}
	if key.account != call.Account {
		return key, api.ErrAccessDenied.New("Access to the resource %s is denied.", arn.V)
	}
	there := false
	if key.region == call.Region {
		var err error
		if there, err = s.exists(ctx, key); err != nil {
			return key, err
		}
	}
	if !there {
		return key, sqsapi.ErrResourceNotFoundException.New("The resource that you specified for the %s parameter doesn't exist.", parameter)
	}
	return s.queue(key).key, nil
}
