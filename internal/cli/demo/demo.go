package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/millrace/millrace/client/consumer"
	"github.com/millrace/millrace/client/producer"
	"github.com/millrace/millrace/internal/obs"
)

// Options say what the demo does.
type Options struct {
	Input string        // file of lines, "-" for standard input; "" for events of its own
	For   time.Duration // when to end; 0: at the end of the input, or when stopped
	Rate  int           // lines a second; 0 for as fast as it goes

	Data   string // data directory of the server; "" for one that is removed after
	Out    string // where the lines go that arrive; "" for a directory that is made
	Listen string // address of the server

	Stdout   io.Writer
	Terminal bool // Stdout is a terminal: it is redrawn
	Colour   bool
	Width    func() int // of the terminal, in columns

	Getenv func(string) string
	Build  obs.Build
	// Stop ends the input early when it is closed; the reckoning comes all the same.
	Stop <-chan struct{}
}

const (
	firstShards = 4
	consumerID  = "demo-files"
	lanes       = 8
	// patience is how long nothing may arrive, while something is missing, until it
	// counts as missing.
	patience = 15 * time.Second
)

// errAtOnce ends the input without waiting for what comes from it.
var errAtOnce = errors.New("stopped")

// demo is one that runs.
type demo struct {
	o      Options
	server *server
	client *kinesis.Client
	stream string

	ledger *ledger
	board  *board
	sink   *sink
	source source

	stopped bool // the end of the input was asked for; of the goroutine that watches

	mu  sync.Mutex
	why []error // that end it early
}

// Run runs the demo to its end. The error is of what kept it from beginning; what
// went wrong later is in the reckoning. Where ctx ends, it ends without waiting.
func Run(ctx context.Context, o Options) (*Reckoning, error) {
	d := &demo{o: o, ledger: newLedger()}
	if err := d.openSource(); err != nil {
		return nil, err
	}
	s, err := startServer(ctx, o)
	if err != nil {
		return nil, errors.Join(err, d.source.close())
	}
	d.server, d.client = s, s.client()
	r, err := d.run(ctx)
	return r, errors.Join(err, d.source.close(), s.stop())
}

func (d *demo) openSource() error {
	if d.o.Input == "" {
		d.source = newEvents(d.o.For)
	} else {
		f, err := openFile(d.o.Input)
		if err != nil {
			return err
		}
		d.source = f
	}
	if d.o.Rate > 0 {
		d.source = &paced{source: d.source, rate: d.o.Rate}
	}
	return nil
}

func (d *demo) run(ctx context.Context) (*Reckoning, error) {
	if err := d.createStream(ctx); err != nil {
		return nil, err
	}
	arn, err := d.registerConsumer(ctx)
	if err != nil {
		return nil, err
	}
	if d.sink, err = newSink(d.server.out); err != nil {
		return nil, err
	}
	v := newView(d)
	v.introduce()

	began := time.Now()
	d.board = &board{began: began}

	// The consumer.
	follow, endFollow := context.WithCancel(ctx)
	defer endFollow()
	f := consumer.New(consumer.Options{
		Client: d.client, Stream: d.stream, ConsumerARN: arn, From: consumer.TrimHorizon(), Handle: d.handle,
		Retry: func(shard string, why error) { d.board.tell("reading " + shard + " again: " + why.Error()) },
	})
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := f.Run(follow); err != nil {
			d.blame(fmt.Errorf("the consumer: %w", err))
		}
	}()

	// The producer.
	feed, endFeed := context.WithCancelCause(ctx)
	defer endFeed(nil)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		d.feed(feed)
	}()

	v.watch(ctx, func() bool { return d.finished(fed, followed, endFeed) })
	took := time.Since(began)
	endFeed(errAtOnce)
	endFollow()
	<-followed
	err = d.sink.close()
	r := d.ledger.reckon(took, d.blamed())
	v.conclude(r)
	return r, err
}

// finished reports whether there is nothing to wait for any more. It is called
// again and again.
func (d *demo) finished(fed, followed <-chan struct{}, endFeed context.CancelCauseFunc) bool {
	select {
	case <-d.o.Stop:
		if !d.stopped {
			d.stopped = true
			endFeed(errAtOnce)
			d.board.tell("no more lines; waiting for those that were sent (a second Ctrl-C ends at once)")
		}
	default:
	}
	select {
	case <-followed:
		return true // the consumer failed
	default:
	}
	select {
	case <-fed:
	default:
		return false
	}
	return d.ledger.settled(time.Now())
}

// createStream makes the stream, under a name that is not taken.
func (d *demo) createStream(ctx context.Context) error {
	for i := 1; ; i++ {
		d.stream = "demo"
		if i > 1 {
			d.stream = fmt.Sprintf("demo-%d", i)
		}
		_, err := d.client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &d.stream, ShardCount: aws.Int32(firstShards)})
		var taken *types.ResourceInUseException
		if errors.As(err, &taken) {
			continue
		}
		if err != nil {
			return fmt.Errorf("create the stream: %w", err)
		}
		return d.awaitActive(ctx)
	}
}

// registerConsumer registers the consumer that writes the files.
func (d *demo) registerConsumer(ctx context.Context) (arn string, err error) {
	stream, err := d.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &d.stream})
	if err != nil {
		return "", err
	}
	c, err := d.client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: stream.StreamDescriptionSummary.StreamARN, ConsumerName: aws.String(consumerID),
	})
	if err != nil {
		return "", fmt.Errorf("register the consumer: %w", err)
	}
	arn = *c.Consumer.ConsumerARN
	for {
		out, err := d.client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: &arn})
		if err != nil {
			return "", err
		}
		if out.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive {
			return arn, nil
		}
		select {
		case <-time.After(activePoll):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// handle takes what arrives.
func (d *demo) handle(_ context.Context, b *consumer.Batch) error {
	if err := d.sink.write(b.Shard.ID, b.Records); err != nil {
		return err
	}
	if b.Behind == 0 || b.Ended {
		if err := d.sink.flush(b.Shard.ID); err != nil {
			return err
		}
	}
	d.ledger.arrive(b.Records)
	d.board.arrive(b)
	return nil
}

// blame notes an error that is a failure of the whole.
func (d *demo) blame(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.why = append(d.why, err)
}

func (d *demo) blamed() []error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}

func (d *demo) newProducer(ctx context.Context) *producer.Producer {
	return producer.New(ctx, producer.Options{
		Client: d.client, Stream: d.stream, Lanes: lanes,
		Stored: d.ledger.store, Resent: d.ledger.resend, Retry: d.ledger.refuse,
	})
}
