package sqs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// mark says that a message has arrived from another queue.
type mark struct {
	source           string // ARN of that queue
	incarnation, seq uint64 // of the queue, and of the message there
}

func parseMark(kv store.KeyValue) (mark, error) {
	if len(kv.Key) != len(markPrefix)+16 {
		return mark{}, fmt.Errorf("%w: mark %q of a message that arrived", store.ErrCorrupt, kv.Key)
	}
	b := kv.Key[len(markPrefix):]
	return mark{string(kv.Value), binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, nil
}

// removeMarks removes the marks in a queue whose messages have left their
// source: what a crash or a failed commit left over.
func (s *Service) removeMarks(ctx context.Context, key queueKey) error {
	from := markPrefix
	for from != nil {
		marks, next, err := s.marks(ctx, key, from)
		if err != nil {
			return err
		}
		var over []mark
		for _, mk := range marks {
			leaves, err := s.leaves(ctx, mk)
			if err != nil {
				return err
			}
			if !leaves {
				over = append(over, mk)
			}
		}
		err = s.update(ctx, key, func(tx store.Tx, _ *queue, _ *memory) error {
			for _, mk := range over {
				tx.Delete(markKey(mk.incarnation, mk.seq))
			}
			return nil
		})
		if err != nil {
			return ignoreGone(err)
		}
		from = next
	}
	return nil
}

// marks reads some marks of a queue, and returns where the next ones begin: nil
// for no more.
func (s *Service) marks(ctx context.Context, key queueKey, from []byte) (marks []mark, next []byte, err error) {
	err = s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) error {
		marks, next = nil, nil
		for kv, err := range r.Scan(from, row.End(markPrefix)) {
			if err != nil {
				return err
			}
			if len(marks) == moveMessages {
				next = bytes.Clone(kv.Key)
				return nil
			}
			mk, err := parseMark(kv)
			if err != nil {
				return err
			}
			marks = append(marks, mk)
		}
		return nil
	})
	return marks, next, err
}

// leaves reports whether the message of a mark has yet to leave its source, so
// that it could arrive once more.
func (s *Service) leaves(ctx context.Context, mk mark) (is bool, err error) {
	source, ok := parseQueueARN(mk.source)
	if !ok {
		return false, fmt.Errorf("%w: mark of a message from %q", store.ErrCorrupt, mk.source)
	}
	err = s.o.Store.Partition(source.partition()).View(ctx, func(r store.Reader) error {
		is = false
		var d description
		if found, err := row.Find(r, descriptionKey, &d); err != nil || !found || d.Incarnation != mk.incarnation {
			return err
		}
		_, err := r.Get(outboxKey(mk.seq))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		is = err == nil
		return err
	})
	return is, err
}
