package producer

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Limits of one PutRecords (AWS: 500 records, 5 MiB with their keys, which later
// became 10 MiB).
const (
	MaxRecords = 500
	MaxBytes   = 5 << 20
)

// API is what a Producer calls; *kinesis.Client has it.
type API interface {
	PutRecords(ctx context.Context, in *kinesis.PutRecordsInput, options ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
}

// Record is one to be written. Its data must not change before it was stored.
type Record struct {
	Key             string // partition key, 1 to 256 characters
	ExplicitHashKey string // decimal; "" to place the record by its key
	Data            []byte
	ID              uint64 // the caller's own; not sent
}

// Options say what to write to, and how.
type Options struct {
	Client API
	Stream string // name or ARN

	Lanes       int           // requests under way at a time; default 4
	MaxRecords  int           // records of one request; default and most: MaxRecords
	MaxBytes    int           // data and keys of one request, unless one record is larger; default MaxBytes
	Linger      time.Duration // how long a record waits for company; default 20 ms
	StrictOrder bool          // one record a key in a request
	GiveUpAfter time.Duration // how long a record is sent again in vain; default 60 s

	// Stored is told of the records of a request that were stored, each with its
	// answer, in the order sent. Lanes call it at the same time; what it is given
	// is valid until it returns. May be nil.
	Stored func([]Record, []types.PutRecordsResultEntry)
	// Resent is told of records that are sent again although they may have been
	// stored: the request had no answer. As Stored; may be nil.
	Resent func([]Record)
	// Retry is told why records are sent again, and how many. As Stored; may be nil.
	Retry func(records int, why error)
}

// ErrClosed is returned by Put after Close.
var ErrClosed = errors.New("the producer is closed")

// Producer writes records. It is made by New.
type Producer struct {
	o     Options
	seed  maphash.Seed
	lanes []*lane
	wait  sync.WaitGroup

	ctx  context.Context // ends when the producer failed or was abandoned
	fail context.CancelCauseFunc
}

// New returns a Producer that works until Close, or until ctx ends: then what was
// not stored yet is given up.
func New(ctx context.Context, o Options) *Producer {
	if o.Lanes <= 0 {
		o.Lanes = 4
	}
	if o.MaxRecords <= 0 || o.MaxRecords > MaxRecords {
		o.MaxRecords = MaxRecords
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = MaxBytes
	}
	if o.Linger <= 0 {
		o.Linger = 20 * time.Millisecond
	}
	if o.GiveUpAfter <= 0 {
		o.GiveUpAfter = time.Minute
	}
	p := &Producer{o: o, seed: maphash.MakeSeed()}
	p.ctx, p.fail = context.WithCancelCause(ctx)
	for range o.Lanes {
		l := newLane(p)
		p.lanes = append(p.lanes, l)
		p.wait.Go(l.run)
	}
	return p
}

// Put takes a record to be written. It waits where the stream does not keep up,
// and returns the error that ended the producer, where one did.
func (p *Producer) Put(ctx context.Context, r Record) error {
	i := uint64(0)
	if len(p.lanes) > 1 {
		i = maphash.String(p.seed, r.Key) % uint64(len(p.lanes))
	}
	return p.lanes[i].put(ctx, r)
}

// Close writes what was put and returns once it is stored, or why it is not. It
// is called once.
func (p *Producer) Close() error {
	for _, l := range p.lanes {
		l.close()
	}
	p.wait.Wait()
	defer p.fail(ErrClosed)
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return nil
}
