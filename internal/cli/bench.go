package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/bench"
)

type benchCmd struct {
	PutRecords       benchStreamCmd `cmd:"" name:"put-records" help:"Put batches of records."`
	PutRecord        benchStreamCmd `cmd:"" name:"put-record" help:"Put single records."`
	GetRecords       benchStreamCmd `cmd:"" name:"get-records" help:"Read shards from their beginning, again and again."`
	Subscribe        benchStreamCmd `cmd:"" help:"Time from a put's acknowledgement to its arrival at a subscriber."`
	SendMessage      benchQueueCmd  `cmd:"" name:"send-message" help:"Send single messages."`
	SendMessageBatch benchQueueCmd  `cmd:"" name:"send-message-batch" help:"Send batches of messages."`
	QueueCycle       benchQueueCmd  `cmd:"" name:"queue-cycle" help:"Send batches of messages, receive them and delete them."`
	Suite            benchSuiteCmd  `cmd:"" help:"The table of speeds, with a server and probes of its own."`
	Soak             benchSoakCmd   `cmd:"" help:"An hour under load: memory must not grow."`
	Probe            benchProbeCmd  `cmd:"" hidden:"" help:"A server that does the least."`
}

// withOperations tells each load what it does.
func (c *benchCmd) withOperations() {
	c.PutRecords.operation = bench.PutRecords
	c.PutRecord.operation = bench.PutRecord
	c.GetRecords.operation = bench.GetRecords
	c.Subscribe.operation = bench.SubscribeToShard
	c.SendMessage.operation = bench.SendMessage
	c.SendMessageBatch.operation = bench.SendMessageBatch
	c.QueueCycle.operation = bench.QueueCycle
}

// benchLoad is what loads have in common.
type benchLoad struct {
	Endpoint    string        `default:"http://127.0.0.1:4566" placeholder:"URL" env:"AWS_ENDPOINT_URL" help:"Where the server is, plain HTTP (AWS_ENDPOINT_URL, default ${default})."`
	Region      string        `default:"us-east-1" env:"AWS_REGION,AWS_DEFAULT_REGION" placeholder:"NAME" help:"Region (AWS_REGION, default ${default})."`
	Connections int           `short:"c" default:"8" placeholder:"N" help:"Connections, each with one request at a time (default ${default})."`
	Duration    time.Duration `default:"30s" placeholder:"TIME" help:"How long to measure (default ${default})."`
	Warmup      time.Duration `default:"5s" placeholder:"TIME" help:"Load before the measurement (default ${default})."`
	JSON        bool          `name:"json" help:"The result as JSON."`

	operation bench.Operation
}

type benchStreamCmd struct {
	benchLoad
	Stream   string  `default:"bench" placeholder:"NAME" help:"Stream (default ${default})."`
	Create   bool    `help:"Make the stream if it is missing."`
	Shards   int     `default:"4" placeholder:"N" help:"Shards of a stream that is made (default ${default})."`
	Records  int     `default:"500" placeholder:"N" help:"Records of one PutRecords (default ${default})."`
	Size     int     `default:"1024" placeholder:"BYTES" help:"Bytes of a record's data (default ${default})."`
	Protocol string  `default:"json" enum:"json,cbor" help:"json or cbor (default ${default})."`
	Rate     float64 `placeholder:"N" help:"Records per second in all; 0: as many as it takes, 1000 for subscribe."`
}

// Run puts load on a stream and prints what came of it.
func (c *benchStreamCmd) Run(e *Env) error {
	return c.run(e, func(ctx context.Context, target bench.Target, o *bench.Options) error {
		o.Stream, o.Protocol = bench.Stream{Target: target, Name: c.Stream}, bench.Protocol(c.Protocol)
		o.Records, o.Size, o.Rate = c.Records, c.Size, c.Rate
		if c.Create {
			return o.Stream.Ensure(ctx, c.Shards)
		}
		return nil
	})
}

type benchQueueCmd struct {
	benchLoad
	Queue    string  `default:"bench" placeholder:"NAME" help:"Queue; one whose name ends in .fifo is a FIFO queue (default ${default})."`
	Create   bool    `help:"Make the queue if it is missing."`
	Messages int     `default:"10" placeholder:"N" help:"Messages of one batch (default ${default})."`
	Size     int     `default:"256" placeholder:"BYTES" help:"Bytes of a message's body (default ${default})."`
	Groups   int     `default:"1000" placeholder:"N" help:"Groups that the messages for a FIFO queue belong to in turn (default ${default})."`
	Rate     float64 `placeholder:"N" help:"Messages per second in all; 0: as many as it takes."`
}

// Run puts load on a queue and prints what came of it.
func (c *benchQueueCmd) Run(e *Env) error {
	return c.run(e, func(ctx context.Context, target bench.Target, o *bench.Options) (err error) {
		o.Protocol, o.Records, o.Size, o.Rate = bench.JSON, c.Messages, c.Size, c.Rate
		var attributes map[string]string
		if strings.HasSuffix(c.Queue, ".fifo") {
			o.Groups, attributes = max(c.Groups, 1), map[string]string{"FifoQueue": "true"}
		}
		if c.Create {
			o.Queue, err = bench.CreateQueue(ctx, target, c.Queue, attributes)
		} else {
			o.Queue, err = bench.FindQueue(ctx, target, c.Queue)
		}
		return err
	})
}

// run puts load on what place tells of, and prints what came of it.
func (c *benchLoad) run(e *Env, place func(context.Context, bench.Target, *bench.Options) error) error {
	key := sigv4.Credentials{
		AccessKeyID: e.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: e.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: e.Getenv("AWS_SESSION_TOKEN"),
	}
	if key.AccessKeyID == "" {
		key.AccessKeyID, key.SecretAccessKey = e.Getenv(datadir.EnvAccessKeyID), e.Getenv(datadir.EnvSecretAccessKey)
	}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return &exitError{errors.New("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), exitUsage}
	}
	target, err := bench.ParseTarget(c.Endpoint, c.Region, key)
	if err != nil {
		return &exitError{err, exitUsage}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := bench.Options{Operation: c.operation, Connections: c.Connections, Warmup: c.Warmup, Duration: c.Duration, Progress: e.benchProgress()}
	if err := place(ctx, target, &o); err != nil {
		return err
	}
	r, err := bench.Run(ctx, o)
	if r == nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(e.Stdout).Encode(r); err != nil {
			return err
		}
	} else {
		r.Print(e.Stdout)
	}
	if err == nil && r.Errors > 0 {
		err = fmt.Errorf("%d requests failed", r.Errors)
	}
	return err
}

// benchProgress returns what shows a load's progress: nothing, where standard
// error is no terminal.
func (e *Env) benchProgress() func(bench.Progress) {
	if e.Stderr != os.Stderr || !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	return func(p bench.Progress) {
		fmt.Fprintf(e.Stderr, "\r\x1b[K%4.0f s  %d records/s  %.1f MB/s", p.Elapsed.Seconds(), p.Records, float64(p.Bytes)/1e6)
		if p.Errors > 0 {
			fmt.Fprintf(e.Stderr, "  %d errors", p.Errors)
		}
		fmt.Fprint(e.Stderr, "\r")
	}
}
