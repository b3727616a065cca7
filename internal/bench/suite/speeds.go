package suite

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// shards of the streams whose speed is judged.
const shards = 4

func (s *suite) putRecords(ctx context.Context) ([]Row, error) {
	load := bench.Options{Operation: bench.PutRecords, Protocol: bench.JSON, Connections: 8, Records: 500, Size: 1024}
	cborLoad := load
	cborLoad.Protocol = bench.CBOR
	r, err := s.compare(ctx,
		subject{name: "bare", program: []string{"bench", "probe", "bare"}, load: load},
		subject{name: "PutRecords JSON", program: server(), place: onStream(shards), load: load},
		subject{name: "PutRecords CBOR", program: server(), place: onStream(shards), load: cborLoad},
		subject{name: "PutRecords 128 shards", program: server(), place: onStream(128), load: load},
	)
	if err != nil {
		return nil, err
	}
	bare, json, cbor, many := rates(r[0]), rates(r[1]), rates(r[2]), rates(r[3])
	row := func(what, bar string, rate, to []float64, name string, least float64) Row {
		x := medianRatio(rate, to)
		return Row{Group: "put-records", What: what, Bar: bar, Ratio: x, Verdict: verdict(least == 0 || x >= least, least),
			Measured: fmt.Sprintf("%s records/s, %.0f %% of %s", thousands(median(rate)), 100*x, name)}
	}
	what := "PutRecords, 500 x 1 KiB, 8 connections, "
	rows := []Row{
		row(what+"JSON", "60 % of bare", json, bare, "bare ("+thousands(median(bare))+")", 0.60),
		row(what+"CBOR", "faster than JSON", cbor, json, "JSON", 1),
		row(what+"JSON, 128 shards", "none", many, bare, "bare", 0),
	}
	return keep(rows, r[1:], r[0]), nil
}

func (s *suite) putRecord(ctx context.Context) ([]Row, error) {
	load := bench.Options{Operation: bench.PutRecord, Protocol: bench.JSON, Connections: 64, Records: 1, Size: 1024}
	r, err := s.compare(ctx,
		subject{name: "empty", program: []string{"bench", "probe", "empty"}, load: load},
		subject{name: "bare", program: []string{"bench", "probe", "bare"}, load: load},
		subject{name: "PutRecord", program: server(), place: onStream(shards), load: load},
	)
	if err != nil {
		return nil, err
	}
	empty, bare, put := rates(r[0]), rates(r[1]), rates(r[2])
	x, p99 := medianRatio(put, bare), medianP99(r[2])
	rows := []Row{{
		Group: "put-record", What: "PutRecord, 1 KiB, 64 connections", Bar: "75 % of bare, p99 under 20 ms", Ratio: x,
		Measured: fmt.Sprintf("%s/s, %.0f %% of bare (%s), p99 %s; empty %s", thousands(median(put)), 100*x, thousands(median(bare)), bench.Short(p99), thousands(median(empty))),
		Verdict:  verdict(x >= 0.75 && p99 < 20*time.Millisecond, 1),
	}}
	return keep(rows, r[2:], r[1]), nil
}

func (s *suite) getRecords(ctx context.Context) ([]Row, error) {
	p, err := s.start(server()...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	stream, err := p.stream(ctx, shards)
	if err != nil {
		return nil, err
	}
	goal := int64(1 << 30)
	if s.o.Quick {
		goal = 256 << 20
	}
	if err := s.store(ctx, p, stream, goal); err != nil {
		return nil, err
	}
	load := bench.Options{Operation: bench.GetRecords, Connections: shards, Records: 1, Size: 1024}
	results := make([][]*bench.Result, 2)
	for run := range s.o.Runs {
		for i, protocol := range []bench.Protocol{bench.JSON, bench.CBOR} {
			load.Protocol = protocol
			r, err := s.load(ctx, p, stream, load)
			if err != nil {
				return nil, err
			}
			s.say("%-22s %d/%d  %7.1f MB/s  p50 %s  p99 %s", "GetRecords "+string(protocol), run+1, s.o.Runs, r.ByteRate()/1e6, bench.Short(r.Latency.P50), bench.Short(r.Latency.P99))
			results[i] = append(results[i], r)
		}
	}
	json, cbor := median(byteRates(results[0])), median(byteRates(results[1]))
	rows := []Row{{
		Group: "get-records", What: "GetRecords, catching up, 1 KiB records", Bar: "250 MB/s in the better of JSON and CBOR",
		Measured: fmt.Sprintf("JSON %.0f MB/s, CBOR %.0f MB/s", json/1e6, cbor/1e6),
		Verdict:  verdict(max(json, cbor) >= 250e6, 1),
	}}
	return keep(rows, results[:1], results[1]), nil
}

// store puts records of 1 KiB until goal bytes of data are stored.
func (s *suite) store(ctx context.Context, p *process, stream bench.Stream, goal int64) error {
	s.say("storing %.1f GB", float64(goal)/1e9)
	return s.fill(ctx, p, bench.Options{
		Stream: stream, Operation: bench.PutRecords, Protocol: bench.CBOR, Connections: 8, Records: 500, Size: 1024, Limit: goal / 1024,
	})
}

// fill puts as many records as the load's limit says.
func (s *suite) fill(ctx context.Context, p *process, o bench.Options) error {
	o.Duration = 2 * time.Hour
	r, err := bench.Run(ctx, o)
	switch {
	case err != nil:
		return p.Explain(err)
	case r.Errors > 0:
		return p.Explain(fmt.Errorf("%d requests failed, the first with: %s", r.Errors, r.FirstError))
	}
	return nil
}

func (s *suite) subscribe(ctx context.Context) ([]Row, error) {
	load := bench.Options{Operation: bench.SubscribeToShard, Protocol: bench.JSON, Connections: 8, Records: 1, Size: 1024, Rate: 1000}
	r, err := s.compare(ctx, subject{name: "SubscribeToShard", program: server(), place: onStream(shards), load: load})
	if err != nil {
		return nil, err
	}
	var p50 []float64
	for _, x := range r[0] {
		p50 = append(p50, float64(x.Latency.P50))
	}
	p99 := medianP99(r[0])
	rows := []Row{{
		Group: "subscribe", What: "SubscribeToShard, from the put's acknowledgement to arrival", Bar: "p99 under 10 ms at 1,000 records/s",
		Measured: fmt.Sprintf("p50 %s, p99 %s at %s records/s", bench.Short(time.Duration(median(p50))), bench.Short(p99), thousands(median(rates(r[0])))),
		Verdict:  verdict(p99 < 10*time.Millisecond, 1),
	}}
	return keep(rows, r, nil), nil
}
