package kinesis

import (
	"context"
	"errors"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// maxQueuesPending is how many queues of an account in a region may be CREATING
// or DELETING at once (AWS page queues-quotas).
const maxQueuesPending = 5

// queueRegistry is the partition of an account's queues in a region. It reserves
// a name before the stream and the queue's own partition know of it, and forgets
// it last.
type queueRegistry struct {
	svc             *Service
	account, region string
	part            store.Partition
}

// queueEntry is one queue in the registry.
type queueEntry struct {
	Name     string `json:"name"`
	ID       string `json:"id"`
	Deleting bool   `json:"deleting,omitempty"`

	// Initial and From are what the queue's partition begins as, so that a creation
	// that a crash cut short can be completed.
	Initial queueDescription `json:"initial"`
	From    []queueFrom      `json:"from"`
}

// queueFrom is where a queue begins in a shard.
type queueFrom struct {
	Shard uint32         `json:"shard"`
	At    store.Position `json:"at"`
}

func (s *Service) queueRegistry(account, region string) queueRegistry {
	return queueRegistry{s, account, region, s.o.Store.Partition(queueRegistryName(account, region))}
}

func (r queueRegistry) key(e *queueEntry) queueKey { return queueKey{r.account, r.region, e.ID} }

// list returns all queues, by name.
func (r queueRegistry) list(ctx context.Context) (all []*queueEntry, err error) {
	err = r.part.View(ctx, func(rd store.Reader) error {
		all = nil
		return row.Scan(rd, queueNamePrefix, &all)
	})
	return all, err
}

// find reports whether the registry has a queue that is not being deleted.
func (r queueRegistry) find(ctx context.Context, name, id string) (there bool, err error) {
	err = r.part.View(ctx, func(rd store.Reader) error {
		var e queueEntry
		found, err := row.Find(rd, queueNameKey(name), &e)
		there = found && e.ID == id && !e.Deleting
		return err
	})
	return there, err
}

// reserve writes the entry of a new queue, unless there are too many or one has
// the name.
func (r queueRegistry) reserve(ctx context.Context, e *queueEntry) error {
	return r.part.Update(ctx, func(tx store.Tx) error {
		var all []*queueEntry
		if err := row.Scan(tx, queueNamePrefix, &all); err != nil {
			return err
		}
		for _, other := range all {
			if other.Name == e.Name {
				return kinesisapi.ErrResourceInUseException.New("Queue %s under account %s already exists.", e.Name, r.account)
			}
		}
		if err := r.checkPending(ctx, all); err != nil {
			return err
		}
		tx.Set(queueNameKey(e.Name), row.Encode(e))
		return nil
	})
}

// checkPending refuses one more queue that is CREATING or DELETING.
func (r queueRegistry) checkPending(ctx context.Context, all []*queueEntry) error {
	pending := 0
	for _, e := range all {
		d, err := r.svc.describeEntry(ctx, r.key(e), e)
		if err != nil {
			return err
		}
		if d.Status == creating || d.Status == deleting {
			pending++
		}
	}
	if pending >= maxQueuesPending {
		return kinesisapi.ErrLimitExceededException.New("Number of queues in CREATING or DELETING state cannot exceed %d for the account %s.", maxQueuesPending, r.account)
	}
	return nil
}

// describeEntry returns the description of a queue in the registry. One is DELETING
// until its entry is gone: then its name is free, and its stream.
func (s *Service) describeEntry(ctx context.Context, key queueKey, e *queueEntry) (*queueDescription, error) {
	d := new(queueDescription)
	if e.Deleting {
		*d = e.Initial
		d.Status, d.Due = deleting, time.Time{}
		return d, nil
	}
	err := s.o.Store.Partition(key.partition()).View(ctx, func(r store.Reader) error { return readQueue(r, d) })
	if errors.Is(err, errNoQueue) {
		return &e.Initial, nil // its name is reserved, its rows follow
	}
	return d, err
}

// change runs f on the entry of a queue; one that is not there is left alone. f
// reports whether the entry stays.
func (r queueRegistry) change(ctx context.Context, name, id string, f func(e *queueEntry) (stays bool)) error {
	return r.part.Update(ctx, func(tx store.Tx) error {
		e := new(queueEntry)
		found, err := row.Find(tx, queueNameKey(name), e)
		if err != nil || !found || e.ID != id {
			return err
		}
		if f(e) {
			tx.Set(queueNameKey(name), row.Encode(e))
		} else {
			tx.Delete(queueNameKey(name))
		}
		return nil
	})
}

// remove forgets a queue.
func (r queueRegistry) remove(ctx context.Context, name, id string) error {
	return r.change(ctx, name, id, func(*queueEntry) bool { return false })
}
