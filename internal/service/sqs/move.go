package sqs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// A move of messages from one queue to another takes three commits, each of
// which can be repeated:
//
//	arrive  in the target: the messages, each with a mark that it has arrived
//	depart  in the source: they are gone, and their rows of the outbox
//	settle  in the target: the marks are gone
//
// A mark is there at least as long as the row of the outbox by which the message
// could arrive again.

// Bounds of one batch.
const (
	moveMessages = 100
	moveBytes    = 1 << 20
)

var markPrefix = []byte("i/")

// markKey is the mark of a message, known by its source's incarnation and its
// sequence there. The row holds the source's ARN.
func markKey(incarnation, seq uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte("i/"), incarnation)
	return binary.BigEndian.AppendUint64(b, seq)
}

// moving is a message that leaves a queue.
type moving struct {
	seq  uint64
	out  outboxRow
	row  []byte  // as the source stores it; nil where it was purged
	msg  message // set by open
	lost bool    // it could not be read, and stays where it is
}

// batch is what leaves a queue for one target at once.
type batch struct {
	source   queueKey
	desc     *description // of the source
	target   string
	messages []*moving
}

// emptyOutbox moves everything that is in the outbox of a queue.
func (s *Service) emptyOutbox(ctx context.Context, key queueKey) error {
	for after := uint64(0); ; {
		desc, messages, err := s.outgoing(ctx, key, after)
		if err != nil || len(messages) == 0 {
			return ignoreGone(err)
		}
		after = messages[len(messages)-1].seq + 1
		for _, b := range split(key, desc, messages) {
			if err := s.move(ctx, b); err != nil {
				return err
			}
		}
	}
}

// outgoing reads the next messages of an outbox.
func (s *Service) outgoing(ctx context.Context, key queueKey, from uint64) (desc *description, out []*moving, err error) {
	err = s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) error {
		desc, out = new(description), nil
		if found, err := row.Find(r, descriptionKey, desc); err != nil || !found {
			return err
		}
		size := 0
		for kv, err := range r.Scan(outboxKey(from), row.End(outboxPrefix)) {
			if err != nil {
				return err
			}
			mg := &moving{seq: seqOf(kv.Key)}
			if err := row.Decode(kv.Value, &mg.out); err != nil {
				return err
			}
			b, err := r.Get(messageKey(mg.out.Lane, mg.seq))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil {
				mg.row = bytes.Clone(b)
			}
			out = append(out, mg)
			if size += len(b); len(out) == moveMessages || size >= moveBytes {
				return nil
			}
		}
		return nil
	})
	return desc, out, err
}

// split puts messages into batches by their targets, in order.
func split(key queueKey, desc *description, messages []*moving) (all []*batch) {
	byTarget := make(map[string]*batch)
	for _, mg := range messages {
		b := byTarget[mg.out.Target]
		if b == nil {
			b = &batch{source: key, desc: desc, target: mg.out.Target}
			byTarget[b.target] = b
			all = append(all, b)
		}
		b.messages = append(b.messages, mg)
	}
	return all
}

// move moves a batch, or gives it back where its target is gone.
func (s *Service) move(ctx context.Context, b *batch) error {
	for _, mg := range b.messages {
		if mg.row == nil {
			continue
		}
		if err := s.read(b.desc, mg); err != nil {
			mg.lost = true
			s.o.Logger.Error("a message cannot be read, and is not moved", "queue", b.source.arn(), "sequence", mg.seq, "error", err)
		}
	}
	target, ok := parseQueueARN(b.target)
	if !ok {
		return s.giveBack(ctx, b, noSource)
	}
	err := s.arrive(ctx, b, target)
	if errors.Is(err, errNoQueue) {
		return s.giveBack(ctx, b, targetGone)
	}
	if err == nil {
		fault.Point("sqs.move.arrived")
		err = s.depart(ctx, b)
	}
	if err == nil {
		fault.Point("sqs.move.departed")
		err = s.settleMarks(ctx, b, target)
	}
	if err != nil { // marks may be there of messages that have departed
		s.mover.tidy(target)
	}
	return err
}

// read opens a message that leaves a queue.
func (s *Service) read(d *description, mg *moving) error {
	b, err := s.open(d, mg.row)
	if err == nil {
		mg.msg, err = decodeMessage(b)
	}
	return err
}

// arrive puts the messages of a batch into their target that are not there yet.
func (s *Service) arrive(ctx context.Context, b *batch, target queueKey) error {
	return s.update(ctx, target, func(tx store.Tx, _ *queue, m *memory) error {
		now := s.now()
		for _, mg := range b.messages {
			if mg.row == nil || mg.lost {
				continue
			}
			mark := markKey(b.desc.Incarnation, mg.seq)
			if _, err := tx.Get(mark); err == nil {
				continue
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			sd, err := s.arrival(m, b, mg, target, now)
			if err != nil {
				return err
			}
			if err := m.order.send(tx, sd); err != nil {
				return err
			}
			tx.Set(mark, []byte(b.source.arn()))
		}
		return nil
	})
}

// arrival makes of a message that left its queue what is sent to its target.
func (s *Service) arrival(m *memory, b *batch, mg *moving, target queueKey, now int64) (*sending, error) {
	msg := mg.msg
	sd := &sending{now: now, delay: api.Some[int32](0), group: msg.group, moved: true}
	if mg.out.Dead {
		if !target.fifo() {
			// It keeps its age: its retention began when it was sent first.
			sd.since, sd.group = msg.sent, ""
		} else {
			msg.sent, msg.dedup = now, msg.id.String()
		}
		if msg.first == 0 {
			msg.first = mg.out.First
		}
		msg.received += mg.out.Count
		msg.source = b.source.arn()
	} else {
		msg.id, msg.sent = s.ids.next(), now
		msg.received, msg.first, msg.source = 0, 0, ""
	}
	sd.seq, sd.dedup, sd.messageID = m.meta.sequence(now), msg.dedup, msg.id
	sd.size = messageSize(msg.body, msg.attributes)
	var err error
	sd.row, err = s.seal(m.desc, msg.encode(nil))
	return sd, err
}

// depart removes the messages of a batch, which have arrived, from their source.
func (s *Service) depart(ctx context.Context, b *batch) error {
	return ignoreGone(s.update(ctx, b.source, func(tx store.Tx, _ *queue, m *memory) error {
		if m.desc.Incarnation != b.desc.Incarnation {
			return nil
		}
		moved := int64(0)
		for _, mg := range b.messages {
			if mg.lost {
				continue
			}
			tx.Delete(outboxKey(mg.seq))
			if mg.row != nil {
				tx.Delete(messageKey(mg.out.Lane, mg.seq))
				if !mg.out.Dead {
					moved++
				}
			}
		}
		return countMoved(tx, moved)
	}))
}

// settleMarks removes the marks of messages that have departed.
func (s *Service) settleMarks(ctx context.Context, b *batch, target queueKey) error {
	return ignoreGone(s.update(ctx, target, func(tx store.Tx, _ *queue, _ *memory) error {
		for _, mg := range b.messages {
			if mg.row != nil && !mg.lost {
				tx.Delete(markKey(b.desc.Incarnation, mg.seq))
			}
		}
		return nil
	}))
}

// giveBack puts a batch back where it came from, to be had at once. A move task
// ends by that.
func (s *Service) giveBack(ctx context.Context, b *batch, reason string) error {
	return ignoreGone(s.update(ctx, b.source, func(tx store.Tx, _ *queue, m *memory) error {
		if m.desc.Incarnation != b.desc.Incarnation {
			return nil
		}
		now := s.now()
		failed := false
		for _, mg := range b.messages {
			if mg.lost {
				continue
			}
			tx.Delete(outboxKey(mg.seq))
			// It may have been purged since it was read.
			if _, err := tx.Get(messageKey(mg.out.Lane, mg.seq)); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			if err := m.order.back(tx, mg.out.item(mg.seq), mg.msg.group, now); err != nil {
				return err
			}
			failed = failed || !mg.out.Dead
		}
		if !failed {
			return nil
		}
		return failTask(tx, reason)
	}))
}
