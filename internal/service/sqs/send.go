package sqs

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
)

// errChanged says that a queue's description changed since messages were
// prepared by it.
var errChanged = errors.New("the queue's attributes changed")

// describe returns what is known of a queue beside its messages.
func (s *Service) describe(ctx context.Context, key queueKey) (*description, error) {
	q := s.queue(key)
	q.mu.Lock()
	m := q.mem
	q.mu.Unlock()
	if m != nil {
		return m.desc, nil
	}
	return s.durable(ctx, key)
}

// durable returns what describe does, as it is on disk: describe may see what is
// still on its way there.
func (s *Service) durable(ctx context.Context, key queueKey) (d *description, err error) {
	err = s.update(ctx, key, func(_ store.Tx, _ *queue, m *memory) error {
		d = m.desc
		return nil
	})
	return d, err
}

// send stores messages of one request in one commit. prepare makes them for a
// description of the queue, and may be called again where that changes. Those
// that it could not make are nil.
func (s *Service) send(ctx context.Context, key queueKey, prepare func(d *description) ([]*sending, error)) error {
	for {
		d, err := s.describe(ctx, key)
		if err != nil {
			return err
		}
		messages, err := prepare(d)
		if err != nil {
			return err
		}
		err = s.update(ctx, key, func(tx store.Tx, _ *queue, m *memory) error {
			if m.desc != d {
				return errChanged
			}
			now := s.now()
			for _, sd := range messages {
				if sd == nil {
					continue
				}
				sd.now, sd.seq, sd.repeats = now, m.meta.sequence(now), false
				if err := m.order.send(tx, sd); err != nil {
					return err
				}
			}
			fault.Point("sqs.send.written")
			return nil
		})
		if errors.Is(err, errChanged) {
			continue
		}
		if err == nil {
			fault.Point("sqs.send.durable")
			s.count(key, messages)
		}
		return err
	}
}

func (s *Service) count(key queueKey, messages []*sending) {
	sent, bytes, repeats := 0, 0, 0
	for _, sd := range messages {
		switch {
		case sd == nil:
		case sd.repeats:
			repeats++
		default:
			sent++
			bytes += sd.size
		}
	}
	s.o.Metrics.Sent(key.account, key.region, key.name, sent, bytes, repeats)
}
