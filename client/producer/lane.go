package producer

import (
	"context"
	"time"
)

// lane writes the records of some keys, one request at a time.
type lane struct {
	p *Producer
	// lock is held by whoever changes filling: a channel, so that a Put that waits
	// can be given up.
	lock    chan struct{}
	filling []Record
	bytes   int // of filling
	closed  bool
	full    chan []Record
	empty   chan []Record // batches to fill again
	request request       // owned by run
}

func newLane(p *Producer) *lane {
	return &lane{p: p, lock: make(chan struct{}, 1), full: make(chan []Record, 1), empty: make(chan []Record, 3)}
}

// size is what a record counts in a request.
func size(r *Record) int { return len(r.Key) + len(r.Data) }

// put adds a record to the batch that is being filled, after handing that over
// where there is no room.
func (l *lane) put(ctx context.Context, r Record) error {
	select {
	case l.lock <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.p.ctx.Done():
		return context.Cause(l.p.ctx)
	}
	defer func() { <-l.lock }()
	if l.closed {
		return ErrClosed
	}
	n := size(&r)
	if len(l.filling) == l.p.o.MaxRecords || len(l.filling) > 0 && l.bytes+n > l.p.o.MaxBytes {
		select {
		case l.full <- l.filling:
			l.renew()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.p.ctx.Done():
			return context.Cause(l.p.ctx)
		}
	}
	l.filling = append(l.filling, r)
	l.bytes += n
	return nil
}

// renew begins an empty batch. The lock is held.
func (l *lane) renew() {
	l.bytes = 0
	select {
	case b := <-l.empty:
		l.filling = b[:0]
	default:
		l.filling = make([]Record, 0, min(l.p.o.MaxRecords, 64))
	}
}

// close says that nothing more will be put.
func (l *lane) close() {
	l.lock <- struct{}{}
	defer func() { <-l.lock }()
	select {
	case l.full <- l.filling:
	case <-l.p.ctx.Done():
	}
	l.filling, l.closed = nil, true
	close(l.full)
}

// run writes batches as they fill, and those that linger.
func (l *lane) run() {
	linger := time.NewTicker(l.p.o.Linger)
	defer linger.Stop()
	for {
		var batch []Record
		select {
		case b, open := <-l.full:
			if !open {
				return
			}
			batch = b
		case <-linger.C:
			batch = l.lingering()
		case <-l.p.ctx.Done():
			return
		}
		if len(batch) == 0 {
			continue
		}
		if err := l.send(batch); err != nil {
			l.p.fail(err)
			return
		}
		clear(batch) // the data is not held any longer
		select {
		case l.empty <- batch:
		default:
		}
	}
}

// lingering takes the batch that is being filled, unless a full one waits
// before it or somebody fills it right now.
func (l *lane) lingering() []Record {
	select {
	case l.lock <- struct{}{}:
	default:
		return nil
	}
	defer func() { <-l.lock }()
	if len(l.full) > 0 || len(l.filling) == 0 {
		return nil
	}
	batch := l.filling
	l.renew()
	return batch
}
