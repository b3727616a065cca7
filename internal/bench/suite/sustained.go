package suite

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// hour is how long an hour of retention lasts in the binary for tests: what is
// kept for a day is trimmed after 24 s.
const hour = time.Second

var shortRetention = []string{"MILLRACE_FAULT_HOUR=" + hour.String()}

// startFaults starts the binary for tests, with short retention.
func (s *suite) startFaults() (*process, error) {
	p, err := s.start("bench", "probe", "empty") // only for its directory
	if err != nil {
		return nil, err
	}
	p.Kill()
	if err := p.run(s.o.Faults, shortRetention, server()); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// sustained puts at a steady rate for minutes while as much is trimmed.
func (s *suite) sustained(ctx context.Context) ([]Row, error) {
	row := Row{Group: "sustained", What: "sustained PutRecords at 60 MB/s for 5 minutes, with trimming", Bar: "last minute within 10 % of the first"}
	if s.o.Faults == "" {
		row.Measured, row.Verdict = "needs the binary with the tag faults (make faults)", Skipped
		return []Row{row}, nil
	}
	length, window := 5*time.Minute, 60
	if s.o.Quick {
		length, window = time.Minute, 10
		row.What = "sustained PutRecords at 60 MB/s for 1 minute, with trimming"
	}
	p, err := s.startFaults()
	if err != nil {
		return nil, err
	}
	defer p.discard()
	stream, err := p.stream(ctx, shards)
	if err != nil {
		return nil, err
	}
	s.say("%.0f MB/s for %v", sustainedRate/1e6, length)
	before, err := p.written()
	if err != nil {
		return nil, err
	}
	r, busy, err := s.loadResident(ctx, p, stream, sustainedLoad(length))
	if err != nil {
		return nil, err
	}
	after, err := p.written()
	if err != nil {
		return nil, err
	}
	first, last, err := windows(r.PerSecond, window)
	if err != nil {
		return nil, err
	}
	first, last = first*1024, last*1024
	// The load of the warm-up was written too.
	data := r.ByteRate() * (s.o.Warmup + length).Seconds()
	stored := p.stored()
	row.Measured = fmt.Sprintf("%.1f MB/s at first, %.1f at last; p99 %s; write amplification %.2f; %.2f GB on disk at the end of %.1f put; %s resident",
		first/1e6, last/1e6, bench.Short(r.Latency.P99), float64(after-before)/data, float64(stored)/1e9, data/1e9, megabytes(busy))
	row.Ratio = last / first
	trimmed := float64(stored) < data/2
	row.Verdict = verdict(row.Ratio >= 0.9 && first >= 0.95*sustainedRate && trimmed, 1)
	row.Runs = []*bench.Result{r}
	return []Row{row}, nil
}

// windows returns the mean per second of the first and of the last n seconds.
func windows(perSecond []int64, n int) (first, last float64, err error) {
	if len(perSecond) < n {
		return 0, 0, fmt.Errorf("%d seconds were measured, %d are needed", len(perSecond), n)
	}
	mean := func(v []int64) float64 {
		sum := 0.0
		for _, x := range v {
			sum += float64(x)
		}
		return sum / float64(len(v))
	}
	return mean(perSecond[:n]), mean(perSecond[len(perSecond)-n:]), nil
}

// Soak puts and reads for a long time while as much is trimmed, and compares the
// resident memory of the second quarter with that of the last: it must not grow
// by more than a tenth, nor more than 32 MB.
func Soak(ctx context.Context, o Options, length time.Duration) (row Row, err error) {
	s := &suite{o: o, dir: o.Data}
	row = Row{Group: "soak", What: fmt.Sprintf("resident memory over %v of PutRecords at 20 MB/s and GetRecords", length), Bar: "no growth", Verdict: Failed}
	p, err := s.startFaults()
	if err != nil {
		return row, err
	}
	defer p.discard()
	stream, err := p.stream(ctx, shards)
	if err != nil {
		return row, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	samples := p.watchResident(ctx, max(length/3600, 100*time.Millisecond))
	reads := make(chan error, 1)
	go func() {
		// Where memory is short a read is throttled, and comes again: that is no failure
		// of what is measured here, as long as it is rare.
		r, err := bench.Run(ctx, bench.Options{Stream: stream, Operation: bench.GetRecords, Protocol: bench.CBOR, Connections: shards, Records: 1, Size: 1024, Rate: 4, Warmup: s.o.Warmup, Duration: length})
		if err == nil && (r.Errors > r.Throttled || r.Throttled*100 > r.Requests) {
			err = fmt.Errorf("%d reads failed beside %d that were answered, %d of them throttled, the first with: %s", r.Errors, r.Requests, r.Throttled, r.FirstError)
		}
		reads <- err
	}()
	put := sustainedLoad(length)
	put.Rate /= 3
	minutes := 0
	put.Progress = func(x bench.Progress) {
		if m := int(x.Elapsed.Minutes()); m > minutes {
			minutes = m
			n, _ := p.resident() // the samples tell more
			s.say("%3d min  %s resident, %s on disk", m, megabytes(n), megabytes(p.stored()))
		}
	}
	r, err := s.load(ctx, p, stream, put)
	if err == nil {
		err = <-reads
	}
	cancel()
	all := <-samples
	if err != nil {
		return row, err
	}
	early, late := quarters(all)
	row.Ratio = late / early
	row.Measured = fmt.Sprintf("median of the second quarter %s, of the last %s", megabytes(int64(early)), megabytes(int64(late)))
	row.Verdict = verdict(late-early <= math.Min(early/10, 32e6), 1)
	row.Runs = []*bench.Result{r}
	return row, nil
}

// quarters returns the medians of the second and the last quarter of samples.
func quarters(samples []int64) (second, last float64) {
	var all []float64
	for _, n := range samples {
		all = append(all, float64(n))
	}
	n := len(all)
	return median(slices.Clone(all[n/4 : n/2])), median(slices.Clone(all[3*n/4:]))
}
