package crash

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/test/crash/history"
)

// churn creates a stream, writes to it, reads it and deletes it, again and again
// under one name. Each life of the stream has a writer of its own, so a record
// of an earlier life is one that nobody wrote.
type churn struct {
	life    int // how many there were
	writer  *writer
	phase   phase
	highest string // sequence number of all lives before this one

	violations []history.Violation
}

// phase is what churn knows of its stream.
type phase uint8

const (
	absent   phase = iota // it is not there
	asked                 // its creation was asked for, with no answer yet
	living                // it is there
	deleting              // its deletion was asked for, with no answer yet
	deleted               // its deletion was acknowledged
)

const churned = "churned"

func (ch *churn) run(ctx context.Context, c *kinesis.Client) error {
	for ctx.Err() == nil {
		if err := ch.live(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// live goes through what is left of one life.
func (ch *churn) live(ctx context.Context, c *kinesis.Client) error {
	name := aws.String(churned)
	if ch.phase == absent {
		ch.beginLife()
		if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(int32(1 + ch.life%3))}); err != nil {
			return err
		}
		ch.phase = living
	}
	if st, err := settled(ctx, c, churned); err != nil || st != types.StreamStatusActive {
		return fmt.Errorf("%s is %q in phase %d: %w", churned, st, ch.phase, err)
	}
	for range 5 {
		if err := ch.writer.put(ctx, c); err != nil {
			return err
		}
	}
	if err := ch.check(ctx, c); err != nil {
		return err
	}
	ch.phase = deleting
	if _, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
		return err
	}
	ch.phase = deleted
	if st, err := settled(ctx, c, churned); err != nil || st != "" {
		return fmt.Errorf("%s is %q after its deletion: %w", churned, st, err)
	}
	ch.phase = absent
	return nil
}

func (ch *churn) beginLife() {
	if ch.writer != nil {
		for _, a := range ch.writer.attempts {
			if a.Outcome == history.Acknowledged && (ch.highest == "" || history.Compare(a.Sequence, ch.highest) > 0) {
				ch.highest = a.Sequence
			}
		}
	}
	ch.life++
	ch.writer = newWriter(uint32(1000+ch.life), churned, 30)
	ch.phase = asked
}

// check reads the stream and judges this life.
func (ch *churn) check(ctx context.Context, c *kinesis.Client) error {
	shards, err := readStream(ctx, c, churned, nil)
	if err != nil {
		return err
	}
	ch.violations = append(ch.violations, history.Check(history.Stream{Name: fmt.Sprintf("%s (life %d)", churned, ch.life), Attempts: ch.writer.attempts, Shards: shards})...)
	for _, sh := range shards {
		for _, r := range sh.Records {
			if history.Compare(r.Sequence, ch.highest) <= 0 {
				ch.violations = append(ch.violations, history.Violation{Rule: history.Reused, Text: fmt.Sprintf("%s: %s of life %d is not above %s of an earlier life", churned, r.Sequence, ch.life, ch.highest)})
				return nil
			}
		}
	}
	return nil
}

// verify brings the phase to what a restarted server says, where that may be.
func (ch *churn) verify(ctx context.Context, c *kinesis.Client) error {
	st, err := settled(ctx, c, churned)
	if err != nil {
		return err
	}
	there := st == types.StreamStatusActive
	switch {
	case (ch.phase == absent || ch.phase == deleted) && there:
		return errors.New("a stream whose deletion was acknowledged is there")
	case ch.phase == living && !there:
		return errors.New("a stream that was acknowledged is gone")
	case !there:
		ch.phase = absent
	default:
		ch.phase = living // created, or not deleted
		return ch.check(ctx, c)
	}
	return nil
}

// pause waits a while or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
