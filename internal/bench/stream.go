package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stream is a stream to put load on.
type Stream struct {
	Target Target
	Name   string
}

// patience is how long a stream or a consumer may take to become active.
const patience = 2 * time.Minute

// Create makes the stream and waits until it is active.
func (s *Stream) Create(ctx context.Context, shards int) error {
	c, err := dial(s.Target.Host)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.control(&s.Target, kinesis, "CreateStream", map[string]any{"StreamName": s.Name, "ShardCount": shards}, nil); err != nil {
		return err
	}
	return s.waitActive(ctx, c)
}

// Ensure makes the stream unless it is there.
func (s *Stream) Ensure(ctx context.Context, shards int) error {
	err := s.Create(ctx, shards)
	var e *Error
	if errors.As(err, &e) && e.Code() == "ResourceInUseException" {
		return nil
	}
	return err
}

func (s *Stream) waitActive(ctx context.Context, c *conn) error {
	return poll(ctx, "stream "+s.Name, func() (bool, error) {
		var d struct{ StreamDescriptionSummary struct{ StreamStatus string } }
		err := c.control(&s.Target, kinesis, "DescribeStreamSummary", map[string]any{"StreamName": s.Name}, &d)
		return d.StreamDescriptionSummary.StreamStatus == "ACTIVE", err
	})
}

// poll asks until the answer is yes.
func poll(ctx context.Context, what string, f func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if ok, err := f(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return fmt.Errorf("%s is not active after %v", what, patience)
}

// shards returns the ids of the open shards.
func (s *Stream) shards(c *conn) (ids []string, err error) {
	in := map[string]any{"StreamName": s.Name, "ShardFilter": map[string]any{"Type": "AT_LATEST"}}
	for {
		var out struct {
			Shards    []struct{ ShardId string }
			NextToken string
		}
		if err := c.control(&s.Target, kinesis, "ListShards", in, &out); err != nil {
			return nil, err
		}
		for _, sh := range out.Shards {
			ids = append(ids, sh.ShardId)
		}
		if out.NextToken == "" {
			return ids, nil
		}
		in = map[string]any{"NextToken": out.NextToken}
	}
}

func (s *Stream) iterator(c *conn, shard string) (string, error) {
	var out struct{ ShardIterator string }
	err := c.control(&s.Target, kinesis, "GetShardIterator", map[string]any{
		"StreamName": s.Name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON",
	}, &out)
	return out.ShardIterator, err
}

func (s *Stream) arn(c *conn) (string, error) {
	var d struct{ StreamDescriptionSummary struct{ StreamARN string } }
	err := c.control(&s.Target, kinesis, "DescribeStreamSummary", map[string]any{"StreamName": s.Name}, &d)
	return d.StreamDescriptionSummary.StreamARN, err
}

// consumer registers a consumer, waits until it is active and returns its ARN.
func (s *Stream) consumer(ctx context.Context, c *conn, name string) (string, error) {
	arn, err := s.arn(c)
	if err != nil {
		return "", err
	}
	id := map[string]any{"StreamARN": arn, "ConsumerName": name}
	err = c.control(&s.Target, kinesis, "RegisterStreamConsumer", id, nil)
	var e *Error
	if err != nil && !(errors.As(err, &e) && e.Code() == "ResourceInUseException") {
		return "", err
	}
	var out struct {
		ConsumerDescription struct{ ConsumerARN, ConsumerStatus string }
	}
	err = poll(ctx, "consumer "+name, func() (bool, error) {
		err := c.control(&s.Target, kinesis, "DescribeStreamConsumer", id, &out)
		return out.ConsumerDescription.ConsumerStatus == "ACTIVE", err
	})
	return out.ConsumerDescription.ConsumerARN, err
}
