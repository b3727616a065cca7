package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/store"
)

// CancelMessageMoveTask ends a task that runs. What it has taken arrives; the rest
// stays where it is.
func (s *Service) CancelMessageMoveTask(ctx context.Context, in *sqsapi.CancelMessageMoveTaskRequest, out *sqsapi.CancelMessageMoveTaskResult) error {
	call := api.CallOf(ctx)
	if !in.TaskHandle.Set {
		return missingParameter("TaskHandle")
	}
	h, source, ok := parseTaskHandle(in.TaskHandle.V)
	if !ok || source.account != call.Account || source.region != call.Region {
		return invalidParameter("Value for parameter TaskHandle is invalid.")
	}
	noTask := sqsapi.ErrResourceNotFoundException.New("Task does not exist.")
	var moved int64
	err := s.update(store.Freeing(ctx), source, func(tx store.Tx, _ *queue, _ *memory) error {
		var t *moveTask
		err := tasks(tx, func(known *moveTask) bool {
			if known.ID == h.TaskID {
				t = known
			}
			return t == nil
		})
		switch {
		case err != nil:
			return err
		case t == nil:
			return noTask
		case t.Status != taskRunning:
			return sqsapi.ErrUnsupportedOperation.New("Only a task with status %s can be cancelled; this one is %s.", taskRunning, t.Status)
		}
		t.Status, moved = taskCancelling, t.Moved
		t.put(tx)
		return nil
	})
	if errors.Is(err, errNoQueue) {
		return noTask
	}
	if err != nil {
		return err
	}
	s.mover.kick(source)
	out.ApproximateNumberOfMessagesMoved = api.Some(moved)
	return nil
}
