package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// ListMessageMoveTasks shows the newest tasks of a queue, newest first.
func (s *Service) ListMessageMoveTasks(ctx context.Context, in *sqsapi.ListMessageMoveTasksRequest, out *sqsapi.ListMessageMoveTasksResult) error {
	source, err := s.movedQueue(ctx, "SourceArn", in.SourceArn)
	if err != nil {
		return err
	}
	if err := checkRange("MaxResults", in.MaxResults, 1, keptTasks, "Must be between 1 and 10, if provided."); err != nil {
		return err
	}
	most := int(in.MaxResults.Or(1))
	return s.o.Store.Partition(source.partition()).View(ctx, func(r store.Reader) error {
		out.Results = nil
		return tasks(r, func(t *moveTask) bool {
			out.Results = append(out.Results, t.show(source))
			return len(out.Results) < most
		})
	})
}

func (t *moveTask) show(source queueKey) sqsapi.ListMessageMoveTasksResultEntry {
	e := sqsapi.ListMessageMoveTasksResultEntry{
		Status: api.Some(t.Status), SourceArn: api.Some(source.arn()), StartedTimestamp: api.Some(t.Started),
		ApproximateNumberOfMessagesMoved: api.Some(t.Moved), ApproximateNumberOfMessagesToMove: api.Some(t.ToMove),
	}
	if t.Destination != "" {
		e.DestinationArn = api.Some(t.Destination)
	}
	if t.Rate != 0 {
		e.MaxNumberOfMessagesPerSecond = api.Some(t.Rate)
	}
	if t.Failure != "" {
		e.FailureReason = api.Some(t.Failure)
	}
	if t.Status == taskRunning {
		e.TaskHandle = api.Some(taskHandle{t.ID, source.arn()}.encode())
	}
	return e
}
