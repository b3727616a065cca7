package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/millrace/millrace/internal/app/datadir"
	"github.com/millrace/millrace/internal/authn/sigv4"
	"github.com/millrace/millrace/internal/bench"
)

type benchCmd struct {
	PutRecords benchLoadCmd  `cmd:"" name:"put-records" help:"Put batches of records."`
	PutRecord  benchLoadCmd  `cmd:"" name:"put-record" help:"Put single records."`
	GetRecords benchLoadCmd  `cmd:"" name:"get-records" help:"Read shards from their beginning, again and again."`
	Subscribe  benchLoadCmd  `cmd:"" help:"Time from a put's acknowledgement to its arrival at a subscriber."`
	Suite      benchSuiteCmd `cmd:"" help:"The table of speeds, with a server and probes of its own."`
	Soak       benchSoakCmd  `cmd:"" help:"An hour under load: memory must not grow."`
	Probe      benchProbeCmd `cmd:"" hidden:"" help:"A server that does the least."`
}

// withOperations tells each load what it does.
func (c *benchCmd) withOperations() {
	c.PutRecords.operation = bench.PutRecords
	c.PutRecord.operation = bench.PutRecord
	c.GetRecords.operation = bench.GetRecords
	c.Subscribe.operation = bench.SubscribeToShard
}

type benchLoadCmd struct {
	Endpoint    string        `default:"http://127.0.0.1:4566" placeholder:"URL" env:"AWS_ENDPOINT_URL" help:"Where the server is, plain HTTP (AWS_ENDPOINT_URL, default ${default})."`
	Region      string        `default:"us-east-1" env:"AWS_REGION,AWS_DEFAULT_REGION" placeholder:"NAME" help:"Region (AWS_REGION, default ${default})."`
	Stream      string        `default:"bench" placeholder:"NAME" help:"Stream (default ${default})."`
	Create      bool          `help:"Make the stream if it is missing."`
	Shards      int           `default:"4" placeholder:"N" help:"Shards of a stream that is made (default ${default})."`
	Connections int           `short:"c" default:"8" placeholder:"N" help:"Connections, each with one request at a time (default ${default})."`
	Records     int           `default:"500" placeholder:"N" help:"Records of one PutRecords (default ${default})."`
	Size        int           `default:"1024" placeholder:"BYTES" help:"Bytes of a record's data (default ${default})."`
	Protocol    string        `default:"json" enum:"json,cbor" help:"json or cbor (default ${default})."`
	Rate        float64       `placeholder:"N" help:"Records per second in all; 0: as many as it takes, 1000 for subscribe."`
	Duration    time.Duration `default:"30s" placeholder:"TIME" help:"How long to measure (default ${default})."`
	Warmup      time.Duration `default:"5s" placeholder:"TIME" help:"Load before the measurement (default ${default})."`
	JSON        bool          `name:"json" help:"The result as JSON."`

	operation bench.Operation
}

// Run puts load on an endpoint and prints what came of it.
func (c *benchLoadCmd) Run(e *Env) error {
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
	o := bench.Options{
		Stream: bench.Stream{Target: target, Name: c.Stream}, Operation: c.operation, Protocol: bench.Protocol(c.Protocol),
		Connections: c.Connections, Records: c.Records, Size: c.Size, Rate: c.Rate, Warmup: c.Warmup, Duration: c.Duration,
		Progress: e.benchProgress(),
	}
	if c.Create {
		if err := o.Stream.Ensure(ctx, c.Shards); err != nil {
			return err
		}
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
