package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/millrace/millrace/client/producer"
	"github.com/millrace/millrace/internal/cli/lines"
)

// feed sends the lines of the source until it or ctx ends. What was sent by then
// is stored when it returns, or blamed.
func (d *demo) feed(ctx context.Context) {
	steady := context.WithoutCancel(ctx)
	p := d.newProducer(steady)
	r := d.reshape(steady)
	err := d.lines(ctx, p, r)
	if errors.Is(err, io.EOF) {
		err = r.reach(ctx, 1)
	}
	r.wait(steady)
	if err != nil && !errors.Is(err, errAtOnce) {
		d.blame(fmt.Errorf("the input: %w", err))
	}
	if err := p.Close(); err != nil {
		d.blame(fmt.Errorf("the producer: %w", err))
	}
}

// lines puts lines until the source ends, with io.EOF, or something else does.
func (d *demo) lines(ctx context.Context, p *producer.Producer, r *reshape) error {
	var over <-chan time.Time
	if d.o.For > 0 {
		t := time.NewTimer(d.o.For)
		defer t.Stop()
		over = t.C
	}
	for input := d.read(ctx); ; {
		select {
		case l := <-input:
			if l.err != nil {
				return l.err
			}
			if err := r.reach(ctx, l.progress); err != nil {
				return err
			}
			d.ledger.send(l.record.Data, l.bytes, l.progress)
			if p.Put(context.Background(), l.record) != nil {
				return errAtOnce // Close says why
			}
		case <-over:
			return io.EOF
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// inputLine is a line made into a record, or why there is none.
type inputLine struct {
	record   producer.Record
	bytes    int // of the line
	progress float64
	err      error
}

// read yields the lines of the source, from a goroutine of its own: a source that
// waits for its next line cannot be told to stop.
func (d *demo) read(ctx context.Context) <-chan inputLine {
	out := make(chan inputLine, 64)
	go func() {
		var chunk []byte // records are cut from it, so that one allocation makes many
		for number := uint64(1); ; number++ {
			text, err := d.source.next(ctx)
			l := inputLine{err: err}
			if err == nil {
				if need := len(text) + 21; cap(chunk)-len(chunk) < need {
					chunk = make([]byte, 0, max(need, 64<<10))
				}
				begin := len(chunk)
				chunk = seal(chunk, number, text)
				l.record = producer.Record{Key: lines.Key(lines.Field(text, 1, "")), Data: chunk[begin:len(chunk):len(chunk)], ID: number}
				l.bytes, l.progress = len(text), d.source.progress()
			}
			select {
			case out <- l:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}
