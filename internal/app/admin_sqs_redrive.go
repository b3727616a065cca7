package app

import (
	"context"
	"net/http"
	"strconv"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/service/sqs"
)

// MoveTask is the newest move of a dead-letter queue's messages, as the server
// tells it. It is zero where there was none.
type MoveTask struct {
	Status        string // RUNNING, CANCELLING, COMPLETED, CANCELLED or FAILED
	Destination   string `json:",omitempty"` // ARN; "": to where each message came from
	Moved, ToMove int64  // messages
	Failure       string `json:",omitempty"` // why it failed
}

// ofRoot is the context of a call about a queue by its account's root.
func ofRoot(ctx context.Context, op *api.Operation, q sqs.Queue) context.Context {
	return api.WithCall(ctx, &api.Call{
		RequestID: "admin", Operation: op, Account: q.Account(), Region: q.Region(),
		Principal: &api.Principal{Account: q.Account(), Root: true},
	})
}

// serveRedrive starts a move, and answers as serveMove.
func (a *App) serveRedrive(w http.ResponseWriter, r *http.Request, q sqs.Queue) {
	v := r.URL.Query()
	in := &sqsapi.StartMessageMoveTaskRequest{SourceArn: api.Some(q.ARN())}
	if to := v.Get("to"); to != "" {
		destination, err := a.queues.FindQueue(r.Context(), q.Account(), q.Region(), to)
		if err != nil {
			a.refuse(w, err)
			return
		}
		in.DestinationArn = api.Some(destination.ARN())
	}
	if rate := v.Get("rate"); rate != "" {
		n, err := strconv.ParseInt(rate, 10, 32)
		if err != nil {
			answer(w, http.StatusBadRequest, "rate must be a number")
			return
		}
		in.MaxNumberOfMessagesPerSecond = api.Some(int32(n))
	}
	err := a.queues.StartMessageMoveTask(ofRoot(r.Context(), sqsapi.OpStartMessageMoveTask, q), in, new(sqsapi.StartMessageMoveTaskResult))
	if err != nil {
		a.refuse(w, err)
		return
	}
	a.serveMove(w, r, q)
}

// serveMove tells how the newest move of a queue stands.
func (a *App) serveMove(w http.ResponseWriter, r *http.Request, q sqs.Queue) {
	var out sqsapi.ListMessageMoveTasksResult
	err := a.queues.ListMessageMoveTasks(ofRoot(r.Context(), sqsapi.OpListMessageMoveTasks, q), &sqsapi.ListMessageMoveTasksRequest{SourceArn: api.Some(q.ARN())}, &out)
	if err != nil {
		a.refuse(w, err)
		return
	}
	var task MoveTask
	if len(out.Results) > 0 {
		t := &out.Results[0]
		task = MoveTask{t.Status.V, t.DestinationArn.V, t.ApproximateNumberOfMessagesMoved.V, t.ApproximateNumberOfMessagesToMove.V, t.FailureReason.V}
	}
	answerJSON(w, task)
}
