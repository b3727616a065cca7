package kinesis

import (
	"context"
	"errors"

	"github.com/millrace/millrace/internal/store"
)

// A queue is a resource.
var _ resource = (*queue)(nil)

// attached returns what is attached to a queue.
func (d *queueDescription) attached(key queueKey) attachments {
	a := attachments{Tags: d.Tags, Policy: d.Policy}
	if d.Status != active {
		a.keepPolicy = queueNotActive(key, d)
	}
	if d.Status == creating {
		a.keepTags = queueNotActive(key, d)
	}
	return a
}

func (q *queue) read(ctx context.Context) (attachments, error) {
	d, err := q.describe(ctx)
	if errors.Is(err, errNoQueue) {
		err = queueNotFound(q.key)
	}
	return d.attached(q.key), err
}

func (q *queue) change(ctx context.Context, edit func(a attachments) (attachments, error)) error {
	return q.update(ctx, func(tx store.Tx, m *queueMemory) error {
		a, err := edit(m.desc.attached(q.key))
		if err != nil {
			return err
		}
		d := *m.desc
		d.Tags, d.Policy = a.Tags, a.Policy
		m.set(tx, &d)
		return nil
	})
}
