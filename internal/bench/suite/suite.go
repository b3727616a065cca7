// Package suite measures a build of Millrace against what the machine itself
// allows, and writes the table of speeds.
//
// It starts servers and probes as child processes, each on a free port and a new
// data directory that is removed after, and runs those that are compared in turn
// (A B A B), so that what else the machine does falls on all of them. What is
// judged by a ratio is judged by the median of the ratios of neighbours.
//
// A suite is used by one goroutine.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// Options says what to measure, and how long.
type Options struct {
	// Binary is the program to measure; Faults the one that was built with the tag
	// "faults", "" where there is none.
	Binary, Faults string
	Data           string // where data directories are made; on the disk to measure
	Duration       time.Duration
	Warmup         time.Duration
	Runs           int // the median of so many is taken
	// Quick makes everything short: less is stored, and the sustained load lasts
	// half a minute. The verdicts are then only a hint.
	Quick bool
	Only  []string  // names of the groups to run; none: all
	Log   io.Writer // what is being done, line by line
}

// group is one or more rows that are measured together.
type group struct {
	name string
	run  func(*suite, context.Context) ([]Row, error)
}

var groups = []group{
	{"put-records", (*suite).putRecords},
	{"put-record", (*suite).putRecord},
	{"get-records", (*suite).getRecords},
	{"subscribe", (*suite).subscribe},
	{"large", (*suite).large},
	{"sustained", (*suite).sustained},
	{"sqs-send-batch", (*suite).sendMessageBatch},
	{"sqs-send", (*suite).sendMessage},
	{"sqs-cycle", (*suite).queueCycle},
	{"sqs-fifo", (*suite).fifoCycle},
	{"sqs-large", (*suite).largeQueues},
	{"sqs-parked", (*suite).parkedPolls},
	{"stream-queue", (*suite).streamQueue},
}

// Groups are the names of the groups of rows, in order.
func Groups() (names []string) {
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

type suite struct {
	o   Options
	dir string
}

// Run measures. Its rows are there also where it fails: a group that failed has
// a row that says so.
func Run(ctx context.Context, o Options) ([]Row, error) {
	for _, name := range o.Only {
		if !slices.Contains(Groups(), name) {
			return nil, fmt.Errorf("no group %q; there are %v", name, Groups())
		}
	}
	s := &suite{o: o}
	var err error
	if s.dir, err = os.MkdirTemp(o.Data, "millrace-bench-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(s.dir)
	var rows []Row
	var errs []error
	for _, g := range groups {
		if len(o.Only) > 0 && !slices.Contains(o.Only, g.name) {
			continue
		}
		r, err := g.run(s, ctx)
		rows = append(rows, r...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g.name, err))
			rows = append(rows, Row{Group: g.name, What: g.name, Measured: err.Error(), Verdict: Failed})
		}
		if ctx.Err() != nil {
			break
		}
	}
	return rows, errors.Join(errs...)
}

func (s *suite) say(format string, args ...any) { fmt.Fprintf(s.o.Log, format+"\n", args...) }

// subject is one of the things that are compared.
type subject struct {
	name    string
	program []string // arguments of the program
	// place makes what the load is put on; nil for a probe, which needs none.
	place place
	load  bench.Options
}

// place makes a stream or a queue on a server and tells the load of it.
type place func(ctx context.Context, p *process, o *bench.Options) error

// onStream puts a load on a new stream.
func onStream(shards int) place {
	return func(ctx context.Context, p *process, o *bench.Options) (err error) {
		o.Stream, err = p.stream(ctx, shards)
		return err
	}
}

// server are the arguments of the server that is measured.
func server(more ...string) []string {
	return append([]string{"server", "--shard-limits", "off", "--shard-quota", "0", "--tls-listen", "off"}, more...)
}

// compare measures the subjects in turn and returns the results of each, by run.
func (s *suite) compare(ctx context.Context, subjects ...subject) ([][]*bench.Result, error) {
	results := make([][]*bench.Result, len(subjects))
	for run := range s.o.Runs {
		for i, sub := range subjects {
			r, err := s.measure(ctx, sub)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sub.name, err)
			}
			s.say("%-22s %d/%d  %9.0f records/s  %7.1f MB/s  p50 %s  p99 %s  max %s", sub.name, run+1, s.o.Runs,
				r.RecordRate(), r.ByteRate()/1e6, bench.Short(r.Latency.P50), bench.Short(r.Latency.P99), bench.Short(r.Latency.Max))
			results[i] = append(results[i], r)
		}
	}
	return results, nil
}

// measure runs one subject on a process and a directory of its own.
func (s *suite) measure(ctx context.Context, sub subject) (*bench.Result, error) {
	p, err := s.start(sub.program...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	o := sub.load
	o.Stream = bench.Stream{Name: "bench", Target: p.target()}
	o.Queue = bench.Queue{ID: "http://" + p.host + "/000000000000/bench", Target: p.target()}
	if sub.place != nil {
		if err := sub.place(ctx, p, &o); err != nil {
			return nil, err
		}
	}
	return s.run(ctx, p, o)
}

// load puts a load on a stream.
func (s *suite) load(ctx context.Context, p *process, stream bench.Stream, o bench.Options) (*bench.Result, error) {
	o.Stream = stream
	return s.run(ctx, p, o)
}

// run puts a load on; one that had an error is none.
func (s *suite) run(ctx context.Context, p *process, o bench.Options) (*bench.Result, error) {
	o.Warmup = s.o.Warmup
	if o.Duration == 0 {
		o.Duration = s.o.Duration
	}
	r, err := bench.Run(ctx, o)
	if err != nil {
		return nil, p.Explain(err)
	}
	if r.Errors > 0 {
		return nil, p.Explain(fmt.Errorf("%d requests failed, the first with: %s", r.Errors, r.FirstError))
	}
	return r, nil
}
