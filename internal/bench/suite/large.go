package suite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// sustainedRate is the load of the sustained row, in bytes of data per second.
const sustainedRate = 60e6

// largeShards is how many shards the large stream has.
const largeShards = 2000

// sustainedLoad is PutRecords at sustainedRate.
func sustainedLoad(d time.Duration) bench.Options {
	return bench.Options{
		Operation: bench.PutRecords, Protocol: bench.JSON, Connections: 8, Records: 500, Size: 1024,
		Rate: sustainedRate / 1024, Duration: d,
	}
}

// large stores much in many shards, and asks how long a start takes and how much
// memory all that needs.
func (s *suite) large(ctx context.Context) ([]Row, error) {
	goal, load, rest := int64(10e9), time.Minute, 10*time.Second
	if s.o.Quick {
		goal, load, rest = 1e9, 10*time.Second, 3*time.Second
	}
	p, err := s.start(server()...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	stream, err := p.stream(ctx, largeShards)
	if err != nil {
		return nil, err
	}
	if err := s.store(ctx, p, stream, goal); err != nil {
		return nil, err
	}
	if err := p.stop(); err != nil {
		return nil, err
	}
	size := p.stored()
	if err := p.run(s.o.Binary, nil, server()); err != nil {
		return nil, err
	}
	clean := p.ready
	idle, err := s.idle(ctx, p, rest)
	if err != nil {
		return nil, err
	}
	s.say("ready %s after a clean stop; idle %s", bench.Short(clean), megabytes(idle))

	// Filled at full speed, the store owes compactions; what is asked is how it
	// holds this much, not how it takes it in.
	settled, err := s.settle(ctx, p)
	if err != nil {
		return nil, err
	}
	s.say("settled after %.0f s", settled.Seconds())
	stream.Target.Host = p.host
	r, busy, err := s.loadResident(ctx, p, stream, sustainedLoad(load))
	if err != nil {
		return nil, err
	}
	s.say("at %.1f MB/s %s resident", r.ByteRate()/1e6, megabytes(busy))
	if err := s.killUnderLoad(ctx, p, stream); err != nil {
		return nil, err
	}
	if err := p.run(s.o.Binary, nil, server()); err != nil {
		return nil, err
	}
	killed := p.ready
	after, err := s.idle(ctx, p, rest)
	if err != nil {
		return nil, err
	}
	s.say("ready %s after kill -9; idle %s", bench.Short(killed), megabytes(after))
	what := fmt.Sprintf("%s shards, %.1f GB on disk: ", thousands(largeShards), float64(size)/1e9)
	idle = max(idle, after)
	return []Row{
		{Group: "large", What: what + "start until ready", Bar: "under 2 s, after kill -9 too",
			Measured: fmt.Sprintf("%s after a clean stop, %s after kill -9", bench.Short(clean), bench.Short(killed)),
			Verdict:  verdict(max(clean, killed) < 2*time.Second, 1)},
		{Group: "large", What: what + "memory, idle", Bar: "under 300 MB",
			Measured: megabytes(idle), Verdict: verdict(idle < 300e6, 1)},
		{Group: "large", What: what + "memory, PutRecords at 60 MB/s once compactions have settled", Bar: "under 600 MB",
			Measured: fmt.Sprintf("%s at %.1f MB/s; settled %.0f s after the start", megabytes(busy), r.ByteRate()/1e6, (clean + rest + settled).Seconds()),
			Verdict:  verdict(busy < 600e6 && r.ByteRate() > 0.95*sustainedRate, 1), Runs: []*bench.Result{r}},
	}, nil
}

// idle returns the resident memory of a server that nobody has used for a while.
func (s *suite) idle(ctx context.Context, p *process, rest time.Duration) (int64, error) {
	if err := bench.Sleep(ctx, rest); err != nil {
		return 0, err
	}
	return p.resident()
}

// loadResident is load that also tells the most memory that was resident.
func (s *suite) loadResident(ctx context.Context, p *process, stream bench.Stream, o bench.Options) (*bench.Result, int64, error) {
	watch, cancel := context.WithCancel(ctx)
	samples := p.watchResident(watch, 100*time.Millisecond)
	r, err := s.load(ctx, p, stream, o)
	cancel()
	all := <-samples
	if err != nil {
		return nil, 0, err
	}
	return r, slices.Max(all), nil
}

// killUnderLoad kills the server while it takes all the records that it can.
func (s *suite) killUnderLoad(ctx context.Context, p *process, stream bench.Stream) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	seconds := make(chan bench.Progress, 1)
	o := sustainedLoad(time.Minute)
	o.Stream = stream
	o.Progress = func(x bench.Progress) {
		select {
		case seconds <- x:
		default:
		}
	}
	var err error
	go func() {
		defer close(ended)
		_, err = bench.Run(ctx, o) // it is cut off, which is what is wanted
	}()
	select {
	case <-seconds:
		err = bench.Sleep(ctx, time.Second)
		p.Kill()
		cancel()
		<-ended
		return nil
	case <-ended:
		cancel()
		return fmt.Errorf("the load ended before the server was killed: %w", err)
	}
}
