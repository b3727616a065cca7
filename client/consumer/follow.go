package consumer

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// API is what a Follower calls; *kinesis.Client has it.
type API interface {
	ListShards(ctx context.Context, in *kinesis.ListShardsInput, options ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, options ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, options ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
	SubscribeToShard(ctx context.Context, in *kinesis.SubscribeToShardInput, options ...func(*kinesis.Options)) (*kinesis.SubscribeToShardOutput, error)
}

// Batch is some records of one shard, in their order.
type Batch struct {
	Shard   Shard
	Records []types.Record // may be empty
	Behind  time.Duration  // how far the batch's end is from the shard's tip
	// Ended: the shard is closed, and these are its last records. Children are the
	// shards that go on where it ends.
	Ended    bool
	Children []Shard
}

// Options say what to follow, and how.
type Options struct {
	Client API
	Stream string // name or ARN
	From   Position
	// Resume, where it is not empty, is the State to go on from, and From is not used.
	Resume State

	// ConsumerARN, of a registered consumer, has the shards read by SubscribeToShard.
	ConsumerARN string
	// Poll is the pause between two GetRecords of a shard that is read to its tip,
	// where there is no consumer. Default 250 ms: AWS allows five a second.
	Poll time.Duration

	// Handle is given the records. It is called one batch at a time for a shard, at
	// the same time for several shards, and what it is given is valid until it
	// returns. An error ends Run.
	Handle func(ctx context.Context, b *Batch) error
	// Retry is told what is tried again after an error; called as Handle is. May be nil.
	Retry func(shard string, why error)
}

// Follower follows one stream. It is made by New; Run is called once, State at
// any time.
type Follower struct {
	o    Options
	read reader

	mu      sync.Mutex
	lineage lineage
	wait    sync.WaitGroup
}

// New returns a Follower that does nothing yet.
func New(o Options) *Follower {
	if o.From.Type == "" {
		o.From = Latest()
	}
	if o.Poll <= 0 {
		o.Poll = 250 * time.Millisecond
	}
	f := &Follower{o: o, lineage: lineage{state: State{}}}
	if o.ConsumerARN != "" {
		f.read = f.subscribe
	} else {
		f.read = f.poll
	}
	return f
}

func (f *Follower) name() *string {
	if strings.HasPrefix(f.o.Stream, "arn:") {
		return nil
	}
	return &f.o.Stream
}

func (f *Follower) arn() *string {
	if strings.HasPrefix(f.o.Stream, "arn:") {
		return &f.o.Stream
	}
	return nil
}

// State returns where the follower stands: behind the last batch of each shard
// that Handle returned from.
func (f *Follower) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lineage.snapshot()
}

// Run follows the stream until ctx ends, and then returns nil; or until an error
// that trying again does not mend, or one of Handle; or until every shard has
// ended without children, which a stream's deletion makes of them.
func (f *Follower) Run(ctx context.Context) error {
	shards, err := f.first(ctx)
	if err != nil {
		return err
	}
	run, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for _, s := range shards {
		f.start(run, fail, s)
	}
	f.wait.Wait()
	if ctx.Err() != nil || run.Err() == nil {
		return nil
	}
	return context.Cause(run)
}

// first returns the shards to begin with, and notes where each is read from.
func (f *Follower) first(ctx context.Context) ([]Shard, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.o.Resume) == 0 {
		shards, err := f.list(ctx, f.o.From.filter())
		if err != nil {
			return nil, err
		}
		for _, s := range shards {
			f.lineage.begin(s.ID, f.o.From)
		}
		return shards, nil
	}
	all, err := f.list(ctx, nil)
	if err != nil {
		return nil, err
	}
	known := map[string]Shard{}
	for _, s := range all {
		known[s.ID] = s
	}
	var shards []Shard
	for id, p := range f.o.Resume {
		f.lineage.state[id] = p
		if p.Ended {
			continue
		}
		s, listed := known[id]
		if !listed {
			s = Shard{ID: id} // expired: its children are found when it is read
		}
		shards = append(shards, s)
	}
	return shards, nil
}

// start reads a shard, and those that follow it, in goroutines of their own.
func (f *Follower) start(ctx context.Context, fail context.CancelCauseFunc, s Shard) {
	f.wait.Go(func() {
		children, err := f.follow(ctx, s)
		if err != nil {
			fail(err)
			return
		}
		f.mu.Lock()
		ready := f.lineage.end(s.ID, children)
		f.mu.Unlock()
		for _, c := range ready {
			f.start(ctx, fail, c)
		}
	})
}
