package cli

import (
	"context"

	"github.com/millrace/millrace/client/consumer"
)

type tailCmd struct {
	Stream string `arg:"" help:"Name or ARN."`
	following
}

// Run prints what comes into a stream, read by GetRecords.
func (c *tailCmd) Run(e *Env) error {
	ctx := context.Background()
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	if _, err := c.find(ctx, client, c.Stream); err != nil {
		return err
	}
	return c.follow(e, client, consumer.Options{Stream: c.Stream, From: c.from()}, nil)
}
