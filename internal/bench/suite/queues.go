package suite

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// messageSize is the size of a message's body in all rows of queues, in bytes.
const messageSize = 256

// onQueue puts a load on a new queue of SQS, a FIFO queue if the name says so.
func onQueue(name string) place {
	return func(ctx context.Context, p *process, o *bench.Options) (err error) {
		o.Queue, err = p.queue(ctx, name)
		return err
	}
}

func (s *suite) sendMessageBatch(ctx context.Context) ([]Row, error) {
	load := bench.Options{Operation: bench.SendMessageBatch, Protocol: bench.JSON, Connections: 16, Records: 10, Size: messageSize}
	r, err := s.compare(ctx,
		subject{name: "bare", program: []string{"bench", "probe", "bare"}, load: load},
		subject{name: "SendMessageBatch", program: server(), place: onQueue("bench"), load: load},
	)
	if err != nil {
		return nil, err
	}
	bare, sent := rates(r[0]), rates(r[1])
	x := medianRatio(sent, bare)
	rows := []Row{{
		Group: "sqs-send-batch", What: "SendMessageBatch, 10 x 256 B, 16 connections", Bar: "60,000 messages/s", Ratio: x,
		Measured: fmt.Sprintf("%s messages/s, %.0f %% of bare (%s), p99 %s", thousands(median(sent)), 100*x, thousands(median(bare)), bench.Short(medianP99(r[1]))),
		Verdict:  verdict(median(sent) >= 60_000, 1),
	}}
	return keep(rows, r[1:], r[0]), nil
}

func (s *suite) sendMessage(ctx context.Context) ([]Row, error) {
	load := bench.Options{Operation: bench.SendMessage, Protocol: bench.JSON, Connections: 64, Size: messageSize}
	r, err := s.compare(ctx,
		subject{name: "empty", program: []string{"bench", "probe", "empty"}, load: load},
		subject{name: "bare", program: []string{"bench", "probe", "bare"}, load: load},
		subject{name: "SendMessage", program: server(), place: onQueue("bench"), load: load},
	)
	if err != nil {
		return nil, err
	}
	empty, bare, sent := rates(r[0]), rates(r[1]), rates(r[2])
	x, p99 := medianRatio(sent, bare), medianP99(r[2])
	rows := []Row{{
		Group: "sqs-send", What: "SendMessage, 256 B, 64 connections", Bar: "12,000/s, p99 under 20 ms", Ratio: x,
		Measured: fmt.Sprintf("%s/s, %.0f %% of bare (%s), p99 %s; empty %s", thousands(median(sent)), 100*x, thousands(median(bare)), bench.Short(p99), thousands(median(empty))),
		Verdict:  verdict(median(sent) >= 12_000 && p99 < 20*time.Millisecond, 1),
	}}
	return keep(rows, r[2:], r[1]), nil
}

func (s *suite) queueCycle(ctx context.Context) ([]Row, error) {
	return s.cycle(ctx, "bench", 0, Row{
		Group: "sqs-cycle", What: "send 10 x 256 B, receive 10, delete 10, 16 connections", Bar: "25,000 messages/s end to end",
	}, 25_000)
}

func (s *suite) fifoCycle(ctx context.Context) ([]Row, error) {
	return s.cycle(ctx, "bench.fifo", 1000, Row{
		Group: "sqs-fifo", What: "FIFO, 1,000 groups, send 10 x 256 B of as many groups, receive 10, delete 10, 16 connections", Bar: "15,000 messages/s end to end",
	}, 15_000)
}

// cycle measures messages that go through a queue.
func (s *suite) cycle(ctx context.Context, queue string, groups int, row Row, least float64) ([]Row, error) {
	r, err := s.compare(ctx, subject{name: row.Group, program: server(), place: onQueue(queue), load: bench.Options{
		Operation: bench.QueueCycle, Protocol: bench.JSON, Connections: 16, Records: 10, Size: messageSize, Groups: groups,
	}})
	if err != nil {
		return nil, err
	}
	through := rates(r[0])
	row.Measured = fmt.Sprintf("%s messages/s, p99 of a cycle %s", thousands(median(through)), bench.Short(medianP99(r[0])))
	row.Verdict = verdict(median(through) >= least, least)
	return keep([]Row{row}, r, nil), nil
}

// streamQueue receives and acknowledges what was put beforehand, so that nothing
// else uses the machine meanwhile.
func (s *suite) streamQueue(ctx context.Context) ([]Row, error) {
	// More than it takes in its time; that they run out is told as an error.
	records := int64(100_000 * (s.o.Warmup + s.o.Duration).Seconds())
	filled := func(ctx context.Context, p *process, o *bench.Options) error {
		stream := bench.Stream{Name: "bench", Target: p.target()}
		if err := stream.CreateOnDemand(ctx); err != nil {
			return p.Explain(err)
		}
		err := s.fill(ctx, p, bench.Options{
			Stream: stream, Operation: bench.PutRecords, Protocol: bench.CBOR, Connections: 8, Records: 500, Size: messageSize, Limit: records,
		})
		if err != nil {
			return err
		}
		if o.Queue, err = stream.CreateQueue(ctx, "bench", 30*time.Second); err != nil {
			return p.Explain(err)
		}
		return nil
	}
	r, err := s.compare(ctx, subject{name: "queue on a stream", program: server(), place: filled, load: bench.Options{
		Operation: bench.StreamQueue, Protocol: bench.JSON, Connections: 16, Records: 10, Size: messageSize,
	}})
	if err != nil {
		return nil, err
	}
	taken := rates(r[0])
	rows := []Row{{
		Group: "stream-queue", What: "queue on a stream: receive 10 x 256 B, acknowledge 10, 16 connections, records put beforehand", Bar: "25,000 records/s",
		Measured: fmt.Sprintf("%s records/s, p99 of both %s", thousands(median(taken)), bench.Short(medianP99(r[0]))),
		Verdict:  verdict(median(taken) >= 25_000, 1),
	}}
	return keep(rows, r, nil), nil
}
