package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/consumer"
)

type consumeCmd struct {
	Stream     string `arg:"" help:"Name or ARN."`
	Consumer   string `required:"" short:"c" placeholder:"NAME" help:"Consumer to read as; registered when it is not."`
	Checkpoint string `placeholder:"FILE" help:"Where it stands is kept there, each second and at the end; the next run goes on from it."`
	Deregister bool   `help:"Deregister the consumer at the end."`
	following
}

// consumerPoll is how often a consumer is asked whether it is active.
const consumerPoll = 100 * time.Millisecond

// Run prints what comes into a stream, read by SubscribeToShard as a registered
// consumer.
func (c *consumeCmd) Run(e *Env) error {
	ctx := context.Background()
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	stream, err := c.find(ctx, client, c.Stream)
	if err != nil {
		return err
	}
	o := consumer.Options{Stream: *stream.StreamARN, From: c.from()}
	var save func(consumer.State) error
	if c.Checkpoint != "" {
		kept := checkpoint{Stream: *stream.StreamARN, Created: stream.StreamCreationTimestamp.Unix(), Consumer: c.Consumer}
		if o.Resume, err = kept.read(c.Checkpoint); err != nil {
			return err
		}
		save = func(s consumer.State) error { return kept.write(c.Checkpoint, s) }
	}
	if o.ConsumerARN, err = register(ctx, client, *stream.StreamARN, c.Consumer); err != nil {
		return c.explain(err)
	}
	err = c.follow(e, client, o, save)
	if c.Deregister {
		if _, failed := client.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{ConsumerARN: &o.ConsumerARN}); failed != nil {
			err = errors.Join(err, fmt.Errorf("deregister: %w", c.explain(failed)))
		}
	}
	return err
}

// register returns the ARN of a stream's consumer once it is active, and registers
// it first where it is not there.
func register(ctx context.Context, client *kinesis.Client, stream, name string) (arn string, err error) {
	_, err = client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: &stream, ConsumerName: &name})
	var there *types.ResourceInUseException
	if err != nil && !errors.As(err, &there) {
		return "", err
	}
	for {
		out, err := client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{StreamARN: &stream, ConsumerName: &name})
		if err != nil {
			return "", err
		}
		switch d := out.ConsumerDescription; d.ConsumerStatus {
		case types.ConsumerStatusActive:
			return *d.ConsumerARN, nil
		case types.ConsumerStatusDeleting:
			return "", fmt.Errorf("consumer %s is being deregistered; try again in a moment", name)
		}
		select {
		case <-time.After(consumerPoll):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
