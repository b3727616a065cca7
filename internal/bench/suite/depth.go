package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// shallow is the depth of a queue that a deep one is compared with.
const shallow = 1000

// depth is what is asked of a deep queue of one type.
type depth struct {
	name, what string
	// groups is 1 where all messages belong to one group, which is blocked; the
	// message that can be received is of another one.
	groups int
}

// largeQueues asks whether a receive costs the same however many messages a queue
// has, and what so many cost in memory and at a start.
func (s *suite) largeQueues(ctx context.Context) (rows []Row, err error) {
	for _, d := range []depth{
		{"bench", "standard", 0},
		{"bench.fifo", "FIFO, all in one blocked group but one", 1},
	} {
		r, err := s.largeQueue(ctx, d)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", d.what, err)
		}
		rows = append(rows, r...)
	}
	return rows, nil
}

func (s *suite) largeQueue(ctx context.Context, d depth) ([]Row, error) {
	goal, rest := int64(10_000_000), 10*time.Second
	if s.o.Quick {
		goal, rest = 1_000_000, 3*time.Second
	}
	p, err := s.start(server()...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	q, err := p.queue(ctx, d.name)
	if err != nil {
		return nil, err
	}
	fill := bench.Options{Queue: q, Operation: bench.SendMessageBatch, Protocol: bench.JSON, Connections: 16, Records: 10, Size: messageSize, Groups: d.groups, Limit: shallow}
	if err := s.fill(ctx, p, fill); err != nil {
		return nil, err
	}
	receive := bench.Options{Queue: q, Operation: bench.ReceiveMessage, Protocol: bench.JSON, Connections: 1, Records: 10, Size: messageSize, Groups: d.groups, FirstGroup: d.groups}
	if d.groups > 0 {
		// The rest of the group waits for the message that is held.
		if err := receiveOne(p, q, bench.MaxVisibility); err != nil {
			return nil, err
		}
		one := bench.Options{Queue: q, Operation: bench.SendMessage, Protocol: bench.JSON, Connections: 1, Size: messageSize, Groups: 1, FirstGroup: d.groups, Limit: 1}
		if err := s.fill(ctx, p, one); err != nil {
			return nil, err
		}
	}
	few, err := s.repeat(ctx, p, receive)
	if err != nil {
		return nil, err
	}
	before, err := s.idle(ctx, p, rest)
	if err != nil {
		return nil, err
	}
	s.say("%s: %s messages, receive p99 %s, %s; sending %s", d.what, thousands(shallow), bench.Short(medianP99(few)), megabytes(before), thousands(float64(goal)))

	fill.Limit = goal - shallow
	if err := s.fill(ctx, p, fill); err != nil {
		return nil, err
	}
	settled, err := s.settle(ctx, p)
	if err != nil {
		return nil, err
	}
	watch, cancel := context.WithCancel(ctx)
	samples := p.watchResident(watch, 100*time.Millisecond)
	many, err := s.repeat(ctx, p, receive)
	cancel()
	all := <-samples
	if err != nil {
		return nil, err
	}
	after := slices.Max(all)
	size := p.stored()
	if err := p.stop(); err != nil {
		return nil, err
	}
	if err := p.run(s.o.Binary, nil, server()); err != nil {
		return nil, err
	}
	began := time.Now()
	q.Target.Host = p.host
	if err := receiveOne(p, q, 0); err != nil {
		return nil, err
	}
	restart := p.ready + time.Since(began)
	s.say("%s: %s messages, receive p99 %s, %s, restart %s", d.what, thousands(float64(goal)), bench.Short(medianP99(many)), megabytes(after), bench.Short(restart))

	what := fmt.Sprintf("a queue of %s messages of 256 B, %s: ", thousands(float64(goal)), d.what)
	x := float64(medianP99(many)) / float64(medianP99(few))
	return []Row{
		{Group: "sqs-large", What: what + "receive p99, compactions settled", Bar: "2 times that of 1,000 messages", Ratio: x,
			Measured: fmt.Sprintf("%s, %.2f times that of 1,000 messages (%s); settled after %.0f s", bench.Short(medianP99(many)), x, bench.Short(medianP99(few)), settled.Seconds()),
			Verdict:  verdict(x <= 2, 1), Runs: many, Compared: few},
		{Group: "sqs-large", What: what + "growth of memory from 1,000 messages", Bar: "under 300 MB",
			Measured: fmt.Sprintf("%s, from %s to %s; %.1f GB on disk", megabytes(after-before), megabytes(before), megabytes(after), float64(size)/1e9),
			Verdict:  verdict(after-before < 300e6, 1)},
		{Group: "sqs-large", What: what + "restart, until a message is received", Bar: "under 5 s",
			Measured: bench.Short(restart), Verdict: verdict(restart < 5*time.Second, 1)},
	}, nil
}

// repeat puts the load on as often as the median needs.
func (s *suite) repeat(ctx context.Context, p *process, o bench.Options) (all []*bench.Result, err error) {
	for range s.o.Runs {
		r, err := s.run(ctx, p, o)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// receiveOne receives a message that there must be.
func receiveOne(p *process, q bench.Queue, hold time.Duration) error {
	some, err := q.Receive(hold)
	if err == nil && !some {
		err = errors.New("no message could be received")
	}
	if err != nil {
		return p.Explain(err)
	}
	return nil
}
