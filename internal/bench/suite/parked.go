package suite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// parkedQueues is how many queues have a receive that waits.
const parkedQueues = 10_000

// parkedPolls asks what it costs that many receives wait, and how soon one learns
// of a message.
func (s *suite) parkedPolls(ctx context.Context) ([]Row, error) {
	// Each wait ends after 20 s and is begun anew: that is part of the load.
	length, wakes := time.Minute, 1000
	if s.o.Quick {
		length, wakes = 20*time.Second, 200
	}
	p, err := s.start(server()...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	s.say("making %s queues", thousands(parkedQueues))
	polls, err := bench.Park(ctx, p.target(), parkedQueues)
	if err != nil {
		return nil, p.Explain(err)
	}
	defer polls.Close()
	if err := bench.Sleep(ctx, 10*time.Second); err != nil {
		return nil, err
	}
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	samples := p.watchResident(watch, 100*time.Millisecond)
	used, err := p.processor()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := bench.Sleep(ctx, length); err != nil {
		return nil, err
	}
	now, err := p.processor()
	if err != nil {
		return nil, err
	}
	share := (now - used).Seconds() / time.Since(began).Seconds()
	l, err := polls.Wake(ctx, wakes, 10*time.Millisecond)
	if err != nil {
		return nil, p.Explain(err)
	}
	cancel()
	busy := slices.Max(<-samples)
	if err := polls.Err(); err != nil {
		return nil, p.Explain(err)
	}
	return []Row{{
		Group: "sqs-parked", What: "10,000 queues, at each a receive that waits 20 s, again and again", Bar: "under 500 MB, under 5 % of a core, wake-up within 5 ms",
		Measured: fmt.Sprintf("%s, %.1f %% of a core, from a send's acknowledgement to arrival p50 %s, p99 %s, max %s",
			megabytes(busy), 100*share, bench.Short(l.P50), bench.Short(l.P99), bench.Short(l.Max)),
		Verdict: verdict(busy < 500e6 && share < 0.05 && l.P99 < 5*time.Millisecond, 1),
	}}, nil
}
