package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Operation is what a load does all the time.
type Operation string

// The operations.
const (
	PutRecords       Operation = "put-records"
	PutRecord        Operation = "put-record"
	GetRecords       Operation = "get-records"
	SubscribeToShard Operation = "subscribe"

	SendMessage      Operation = "send-message"
	SendMessageBatch Operation = "send-message-batch"
	// QueueCycle sends messages, receives as many and deletes what it received.
	QueueCycle Operation = "queue-cycle"
	// ReceiveMessage receives messages, and replaces them: the queue keeps its
	// depth. Its latency is that of the receive alone.
	ReceiveMessage Operation = "receive-message"
	// StreamQueue receives and acknowledges records by a queue on a stream.
	StreamQueue Operation = "stream-queue"
)

// queued reports whether the operation is one of SQS.
func (op Operation) queued() bool {
	return op == SendMessage || op == SendMessageBatch || op == QueueCycle || op == ReceiveMessage
}

// batched reports whether the operation's requests have Options.Records records
// each.
func (op Operation) batched() bool {
	return op == PutRecords || op == StreamQueue || op.queued() && op != SendMessage
}

// Options says what load to put on a stream or on a queue.
type Options struct {
	Stream      Stream // of the operations of Kinesis
	Queue       Queue  // of the operations of SQS, and of StreamQueue
	Operation   Operation
	Protocol    Protocol
	Connections int
	Records     int     // records of one PutRecords, messages of one batch
	Size        int     // bytes of a record's data, of a message's body
	Rate        float64 // records per second; 0 for as many as it takes
	// Groups is how many groups the messages for a FIFO queue belong to, in turn; 0
	// for a standard queue. They are numbered from FirstGroup on.
	Groups, FirstGroup int
	Warmup             time.Duration
	Duration           time.Duration
	// Limit ends the load once so many records were sent; 0 for none.
	Limit int64
	// Progress is told once a second what has been reached.
	Progress func(Progress)

	// backlog is how many messages the load of a cycle has sent and not received.
	backlog *atomic.Int64
}

// Progress is what a load has reached.
type Progress struct {
	Warm          bool // the measurement has begun
	Elapsed       time.Duration
	Records       int64 // in the last second
	Bytes, Errors int64 // bytes in the last second, errors in all
}

// Result is what was measured. Requests that ended during the warm-up are not in it.
type Result struct {
	Operation   Operation `json:"operation"`
	Protocol    Protocol  `json:"protocol"`
	Connections int       `json:"connections"`
	Seconds     float64   `json:"seconds"`
	Requests    int64     `json:"requests"`
	Records     int64     `json:"records"`
	Bytes       int64     `json:"bytes"` // of records' data
	Errors      int64     `json:"errors"`
	Throttled   int64     `json:"throttled,omitempty"` // errors that asked to come again
	FirstError  string    `json:"first_error,omitempty"`
	// Latency is that of requests; in a subscription the time from the
	// acknowledgement of a record's put to the record's arrival.
	Latency Latency `json:"latency_ns"`
	// PerSecond are the records of each second.
	PerSecond []int64 `json:"per_second"`
}

// RecordRate returns records per second.
func (r *Result) RecordRate() float64 { return float64(r.Records) / r.Seconds }

// RequestRate returns requests per second.
func (r *Result) RequestRate() float64 { return float64(r.Requests) / r.Seconds }

// ByteRate returns the bytes of records' data per second.
func (r *Result) ByteRate() float64 { return float64(r.Bytes) / r.Seconds }

// worker is one connection's work.
type worker interface {
	// step does one request.
	step() (done, error)
	close()
}

// done is what a step reached.
type done struct {
	records, bytes int64
	took           time.Duration // what counts as its latency; 0 for all of it
}

// lane is a worker with what it counted.
type lane struct {
	worker
	records, bytes, requests, errors atomic.Int64
	latency                          Histogram
	_                                [64]byte // lanes share no cache line
}

// load is a load under way.
type load struct {
	o         Options
	lanes     []*lane
	warm      atomic.Bool // what ends now counts
	stopped   atomic.Bool
	began     time.Time
	tickets   atomic.Int64
	records   atomic.Int64 // that were begun, where there is a limit
	throttled atomic.Int64

	mu         sync.Mutex
	firstError error
}

// Run puts the load on until its time is over or ctx ends.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Operation == SubscribeToShard {
		return runSubscribe(ctx, o)
	}
	o.backlog = new(atomic.Int64)
	l := &load{o: o}
	defer l.close()
	for i := range o.Connections {
		w, err := newWorker(&l.o, i)
		if err != nil {
			return nil, err
		}
		l.lanes = append(l.lanes, &lane{worker: w})
	}
	return l.run(ctx)
}

func (o *Options) check() error {
	switch {
	case o.Connections < 1:
		return errors.New("at least one connection is needed")
	case o.Operation == PutRecords && (o.Records < 1 || o.Records > 500):
		return errors.New("a PutRecords has 1 to 500 records")
	case o.Operation.batched() && o.Operation != PutRecords && (o.Records < 1 || o.Records > 10):
		return errors.New("a batch has 1 to 10 messages")
	case o.Operation.queued() && (o.Size < 1 || o.Size > 1<<20 || o.Operation != SendMessage && o.Records*o.Size > 1<<20):
		return errors.New("a message has 1 byte to 1 MiB, and so have all of a batch together")
	case o.Operation.queued() && o.Protocol != JSON:
		return errors.New("queues speak JSON only")
	case o.Size < 1 || o.Size > 10<<20:
		return errors.New("a record has 1 byte to 10 MiB")
	case o.Duration <= 0:
		return errors.New("a load needs a duration")
	case o.Protocol != JSON && o.Protocol != CBOR:
		return fmt.Errorf("unknown protocol %q", o.Protocol)
	}
	return nil
}

func newWorker(o *Options, i int) (worker, error) {
	switch o.Operation {
	case PutRecords, PutRecord:
		return newPutter(o, i)
	case GetRecords:
		return newGetter(o, i)
	case SendMessage, SendMessageBatch:
		return newSendWorker(o, i)
	case QueueCycle, ReceiveMessage:
		return newCycler(o, i)
	case StreamQueue:
		return newTaker(o)
	}
	return nil, fmt.Errorf("unknown operation %q", o.Operation)
}

func (l *load) close() {
	for _, n := range l.lanes {
		n.close()
	}
}

func (l *load) run(ctx context.Context) (*Result, error) {
	var wg sync.WaitGroup
	l.began = time.Now()
	for _, n := range l.lanes {
		wg.Go(func() { l.drive(n) })
	}
	ended := make(chan struct{})
	go func() {
		wg.Wait()
		close(ended)
	}()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	// The first sleep ends the warm-up and aligns the seconds with it.
	err := Sleep(ctx, l.o.Warmup)
	from := time.Now()
	l.warm.Store(true)
	second.Reset(time.Second)
	end := time.NewTimer(l.o.Duration)
	defer end.Stop()
	r := &Result{Operation: l.o.Operation, Protocol: l.o.Protocol, Connections: len(l.lanes)}
	var before done
	for running := err == nil; running; {
		select {
		case <-second.C:
			d, failed := l.sum()
			r.PerSecond = append(r.PerSecond, d.records-before.records)
			if l.o.Progress != nil {
				l.o.Progress(Progress{Warm: true, Elapsed: time.Since(from), Records: d.records - before.records, Bytes: d.bytes - before.bytes, Errors: failed})
			}
			before = d
		case <-end.C:
			running = false
		case <-ended:
			running = false
		case <-ctx.Done():
			err, running = ctx.Err(), false
		}
	}
	total, failed := l.sum()
	r.Seconds = time.Since(from).Seconds()
	l.stopped.Store(true)
	r.Records, r.Bytes, r.Errors, r.Throttled = total.records, total.bytes, failed, l.throttled.Load()
	for _, n := range l.lanes {
		r.Requests += n.requests.Load()
	}
	<-ended
	var all Histogram
	for _, n := range l.lanes {
		all.Add(&n.latency)
	}
	r.Latency = all.Latency()
	if l.firstError != nil {
		r.FirstError = l.firstError.Error()
	}
	return r, err
}

// Sleep waits for d, or until ctx ends and returns its error then.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *load) sum() (d done, failed int64) {
	for _, n := range l.lanes {
		d.records += n.records.Load()
		d.bytes += n.bytes.Load()
		failed += n.errors.Load()
	}
	return d, failed
}

// errorPause keeps a load on a server that refuses everything from spinning.
const errorPause = 10 * time.Millisecond

// drive is the loop of one lane.
func (l *load) drive(n *lane) {
	for !l.stopped.Load() {
		begin := l.turn()
		if l.stopped.Load() || l.o.Limit > 0 && l.records.Add(l.o.per()) > l.o.Limit {
			return
		}
		d, err := n.step()
		took := time.Since(begin)
		if err != nil {
			n.errors.Add(1)
			if throttled(err) {
				l.throttled.Add(1)
			}
			l.fail(err)
			time.Sleep(errorPause)
			continue
		}
		if d.took > 0 {
			took = d.took
		}
		if l.warm.Load() && !l.stopped.Load() {
			n.latency.Record(took)
			n.requests.Add(1)
			n.records.Add(d.records)
			n.bytes.Add(d.bytes)
		}
	}
}

// per is how many records a request has.
func (o *Options) per() int64 {
	if o.Operation.batched() {
		return int64(o.Records)
	}
	return 1
}

// turn waits until the next request is due, and returns when that is: a request
// that the server's slowness delays counts from when it should have been sent.
func (l *load) turn() time.Time {
	if l.o.Rate <= 0 {
		return time.Now()
	}
	due := l.began.Add(time.Duration(float64(l.tickets.Add(1)-1) * float64(l.o.per()) / l.o.Rate * float64(time.Second)))
	for wait := time.Until(due); wait > 0 && !l.stopped.Load(); wait = time.Until(due) {
		time.Sleep(min(wait, 100*time.Millisecond))
	}
	return due
}

func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.firstError == nil {
		l.firstError = err
	}
}
