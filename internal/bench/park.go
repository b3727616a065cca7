package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Parked are receives that wait, one at each of many queues, each on a connection
// of its own. They are renewed when they end. Its methods are called by one
// goroutine.
type Parked struct {
	target  Target
	polls   []*poller
	stopped atomic.Bool
	readers sync.WaitGroup
	waiting atomic.Int64 // polls that were begun once

	mu         sync.Mutex
	firstError error
}

// poller is one queue with a receive that waits.
type poller struct {
	queue   Queue
	c       *conn
	arrived chan time.Time // when a message came
}

// pollSize is enough for the answer to a receive of one small message.
const pollSize = 4 << 10

// Park makes so many queues and lets a receive wait at each. It returns once all
// of them do.
func Park(ctx context.Context, t Target, queues int) (*Parked, error) {
	p := &Parked{target: t, polls: make([]*poller, queues)}
	err := inParallel(queues, func(c *caller, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := "parked-" + strconv.Itoa(i)
		var out struct{ QueueUrl string }
		if err := c.c.control(&p.target, sqs, "CreateQueue", map[string]any{"QueueName": name}, &out); err != nil {
			return err
		}
		conn, err := dialSized(t.Host, pollSize)
		p.polls[i] = &poller{queue: Queue{t, out.QueueUrl}, c: conn, arrived: make(chan time.Time, 1)}
		return err
	}, &p.target)
	if err != nil {
		p.Close()
		return nil, err
	}
	for _, l := range p.polls {
		p.readers.Go(func() { p.read(l) })
	}
	err = poll(ctx, "waiting", func() (bool, error) { return p.waiting.Load() == int64(queues), p.Err() })
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// parkers is how many connections make queues at once.
const parkers = 16

// inParallel calls f for 0 to n-1 and returns the first error.
func inParallel(n int, f func(c *caller, i int) error, t *Target) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, parkers)
	for k := range parkers {
		wg.Go(func() {
			c, err := newCaller(t)
			defer c.close()
			for err == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					break
				}
				err = f(&c, i)
			}
			errs[k] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// read lets one receive wait after the other.
func (p *Parked) read(l *poller) {
	id := strconv.Quote(l.queue.ID)
	// What is received stays away.
	r := newQueueRequest("ReceiveMessage", []byte(`{"QueueUrl":`+id+`,"WaitTimeSeconds":20,"VisibilityTimeout":43200}`))
	c := caller{target: &p.target, c: l.c}
	for first := true; !p.stopped.Load(); first = false {
		if first {
			p.waiting.Add(1)
		}
		answer, err := c.call(r)
		at := time.Now()
		if p.stopped.Load() {
			return
		}
		if err != nil {
			p.fail(fmt.Errorf("ReceiveMessage: %w", err))
			return
		}
		if handle, _ := nextHandle(answer); handle != nil {
			l.arrived <- at
		}
	}
}

func (p *Parked) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.firstError == nil {
		p.firstError = err
	}
}

// Err tells of the first poll that failed.
func (p *Parked) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.firstError
}

// wakeTimeout is how long a message may take to reach who waits for it.
const wakeTimeout = 5 * time.Second

// Wake sends messages to n of the queues, one after the other with a pause before
// each, and returns how long each took from its acknowledgement until it arrived
// where a receive waited.
func (p *Parked) Wake(ctx context.Context, n int, pause time.Duration) (Latency, error) {
	var h Histogram
	c, err := newCaller(&p.target)
	if err != nil {
		return Latency{}, err
	}
	defer c.close()
	for i := range n {
		if err := Sleep(ctx, pause); err != nil {
			return Latency{}, err
		}
		l := p.polls[i*len(p.polls)/n]
		r := newQueueRequest("SendMessage", []byte(`{"QueueUrl":`+strconv.Quote(l.queue.ID)+`,"MessageBody":"wake up"}`))
		if _, err := c.call(r); err != nil {
			return Latency{}, err
		}
		sent := time.Now()
		timeout := time.NewTimer(wakeTimeout)
		select {
		case at := <-l.arrived:
			h.Record(at.Sub(sent))
		case <-timeout.C:
			return Latency{}, fmt.Errorf("a message did not reach who waited for it within %v", wakeTimeout)
		}
		timeout.Stop()
	}
	return h.Latency(), p.Err()
}

// Close ends the polls.
func (p *Parked) Close() {
	p.stopped.Store(true)
	for _, l := range p.polls {
		if l != nil && l.c != nil {
			l.c.close()
		}
	}
	p.readers.Wait()
}
