package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/client/consumer"
)

// following are the flags of the commands that follow a stream.
type following struct {
	FromBeginning bool          `name:"from-beginning" xor:"from" help:"Begin with the oldest record. Default: what comes from now on."`
	Since         time.Duration `xor:"from" placeholder:"TIME" help:"Begin with what came as long ago, such as 5m."`
	Max           uint64        `placeholder:"N" help:"Stop after as many records."`
	For           time.Duration `placeholder:"TIME" help:"Stop after as long."`
	JSON          bool          `name:"json" help:"One object a record. Data that is not UTF-8 is dataBase64."`
	Raw           bool          `help:"Do not take aggregated records apart."`
	target
}

// from is the place to begin with.
func (f *following) from() consumer.Position {
	switch {
	case f.FromBeginning:
		return consumer.TrimHorizon()
	case f.Since > 0:
		return consumer.Since(time.Now().Add(-f.Since))
	}
	return consumer.Latest()
}

// errEnough ends the following once --max records were printed.
var errEnough = errors.New("enough")

// follow prints the records of a stream until a signal, or as many as are asked
// for. o says what to follow; save, where it is not nil, is called with where that
// stands, after the records before were printed.
func (f *following) follow(e *Env, c *kinesis.Client, o consumer.Options, save func(consumer.State) error) error {
	ctx, unhook := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer unhook()
	if f.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.For)
		defer cancel()
	}
	p := &printer{w: e.Stdout, json: f.JSON, raw: f.Raw, max: f.Max}
	o.Client, o.Handle = c, func(_ context.Context, b *consumer.Batch) error { return p.batch(b) }
	o.Retry = (&outage{w: e.Stderr, explain: f.explain}).tell
	follower := consumer.New(o)
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- follower.Run(run) }()

	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if state := follower.State(); save != nil && len(state) > 0 {
				if err := save(state); err != nil {
					return err
				}
			}
		case err := <-done:
			switch {
			case errors.Is(err, errEnough):
				err = nil
			case err != nil:
				err = f.explain(err)
			case ctx.Err() == nil:
				fmt.Fprintln(e.Stderr, "the stream has ended: all of its shards are closed and read to their ends")
			}
			if state := p.adjust(follower.State()); save != nil && len(state) > 0 {
				err = errors.Join(err, save(state))
			}
			return err
		}
	}
}

// outage tells a person what is tried again: once, until a while has passed or
// something else happens.
type outage struct {
	w       io.Writer
	explain func(error) error

	mu   sync.Mutex
	last string
	at   time.Time
}

func (o *outage) tell(_ string, why error) {
	text := o.explain(why).Error()
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := time.Now(); text != o.last || now.Sub(o.at) > 30*time.Second {
		fmt.Fprintln(o.w, "trying again:", text)
		o.last, o.at = text, now
	}
}
