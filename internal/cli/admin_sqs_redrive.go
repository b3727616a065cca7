package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/app"
)

type adminSQSRedriveCmd struct {
	queueFlags
	To   string `placeholder:"QUEUE" help:"Queue to move them to. Default: that from which each came."`
	Rate int    `placeholder:"N" help:"As many messages a second at most, up to 500. Default: as fast as it goes."`
	Wait bool   `help:"Wait for the end of the move; of the one under way, where there is one."`
}

// movePoll is how often a move is asked how far it is.
const movePoll = 200 * time.Millisecond

// Run has the server move the messages of a dead-letter queue.
func (c *adminSQSRedriveCmd) Run(e *Env) error {
	s, query, err := c.server(e)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var task app.MoveTask
	if err := s.call(ctx, "sqs/move", query, nil, &task); err != nil {
		return err
	}
	if moves(&task) {
		text := "a move is under way already: " + moved(&task)
		if !c.Wait || c.To != "" || c.Rate != 0 {
			return errors.New(text + ". Wait for it with --wait alone")
		}
		fmt.Fprintln(e.Stderr, text)
		return c.wait(ctx, e, s, query)
	}
	query.Set("to", c.To)
	if c.Rate != 0 {
		query.Set("rate", strconv.Itoa(c.Rate))
	}
	if err := s.call(ctx, "sqs/redrive", query, nil, &task); err != nil {
		return err
	}
	if c.Wait {
		return c.wait(ctx, e, s, query)
	}
	_, err = fmt.Fprintf(e.Stdout, "the move has begun: %s; --wait follows it\n", moved(&task))
	return err
}

func (c *adminSQSRedriveCmd) wait(ctx context.Context, e *Env, s *adminServer, query url.Values) error {
	tick := newTicker(e)
	defer tick.done()
	for {
		var task app.MoveTask
		err := s.call(ctx, "sqs/move", query, nil, &task)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			return err
		case task.Status == "FAILED":
			return fmt.Errorf("the move failed: %s: %s", moved(&task), whyMoveFailed(task.Failure))
		case !moves(&task):
			tick.done()
			_, err := fmt.Fprintf(e.Stdout, "the move is %s: %s\n", strings.ToLower(task.Status), moved(&task))
			return err
		}
		tick.tell("%s", moved(&task))
		select {
		case <-time.After(movePoll):
		case <-ctx.Done():
			return errors.New("not waiting any more; the move goes on in the server, --wait follows it again")
		}
	}
}

// moves reports whether a move is under way.
func moves(t *app.MoveTask) bool { return t.Status == "RUNNING" || t.Status == "CANCELLING" }

// moved is how far a move is.
func moved(t *app.MoveTask) string {
	to := "where they came from"
	if t.Destination != "" {
		to = t.Destination[strings.LastIndexByte(t.Destination, ':')+1:]
	}
	return fmt.Sprintf("%d of about %s moved to %s", t.Moved, plural(t.ToMove, "message"), to)
}

// whyMoveFailed adds what to do to AWS's reasons.
func whyMoveFailed(reason string) string {
	switch reason {
	case "CouldNotDetermineMessageSource":
		return reason + " (the next message came from no queue; name one with --to)"
	case "AWS.SimpleQueueService.NonExistentQueue":
		return reason + " (the queue that the next message would go to is gone; name another with --to)"
	}
	return reason
}
