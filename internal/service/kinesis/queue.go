package kinesis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// queue is the handle of one queue on a stream: its partition, what was read of
// it, and who waits for its records. Lock order: mu is taken inside the
// partition's writer lock.
type queue struct {
	svc         *Service
	key         queueKey
	name        string
	part        store.Partition
	stream      *stream
	transitions transitions

	sources  atomic.Pointer[sources] // the newest look at the stream
	arrivals atomic.Uint64           // how often records were put while the handle was there

	waitLive, waitDead inflight.Waiters

	mu  sync.Mutex
	mem *queueMemory // nil: to be loaded
}

// queueDescription is what is known of a queue beside its records.
type queueDescription struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
	Status    string    `json:"status"`
	// Due is when the status CREATING, UPDATING or DELETING ends; Change is what
	// then takes effect.
	Due    time.Time        `json:"due,omitzero"`
	Change *queueAttributes `json:"change,omitempty"`

	Stream      string     `json:"stream"` // its name
	Incarnation uint64     `json:"incarnation"`
	Start       queueStart `json:"start"`
	queueAttributes
	Tags   map[string]string `json:"tags,omitempty"`
	Policy string            `json:"policy,omitempty"`
}

// queueStart is where in the stream a queue begins.
type queueStart struct {
	Type string `json:"type"`
	// Asked is the time that AT_TIMESTAMP names; Effective is when what is delivered
	// begins.
	Asked     time.Time `json:"asked,omitzero"`
	Effective time.Time `json:"effective"`
}

// queueAttributes are what UpdateQueue changes.
type queueAttributes struct {
	Visibility  int32  `json:"visibility"`            // seconds
	MaxReceives uint32 `json:"maxReceives,omitempty"` // 0: no record becomes a dead letter
}

// errNoQueue says that a queue's partition is empty.
var errNoQueue = errors.New("the queue is gone")

func queueNotFound(key queueKey) error {
	return kinesisapi.ErrResourceNotFoundException.New("Queue %s not found.", key.arn())
}

// resolveQueue finds the queue that an ARN names.
func (s *Service) resolveQueue(ctx context.Context, name string) (*queue, error) {
	key, ok := parseQueueARN(name)
	if !ok {
		return nil, badARN(name)
	}
	call := api.CallOf(ctx)
	if err := checkAccount(call, key.account, name); err != nil {
		return nil, err
	}
	if key.region != call.Region {
		return nil, queueNotFound(key)
	}
	q, err := s.queue(ctx, key)
	if errors.Is(err, errNoQueue) {
		err = queueNotFound(key)
	}
	return q, err
}

// queue returns the handle of a queue. errNoQueue where there is none.
func (s *Service) queue(ctx context.Context, key queueKey) (*queue, error) {
	s.mu.Lock()
	q := s.queues[key]
	s.mu.Unlock()
	if q != nil {
		return q, nil
	}
	q = &queue{svc: s, key: key, part: s.o.Store.Partition(key.partition())}
	q.transitions = transitions{svc: s, of: key.arn(), once: q.advance}
	d, err := q.describe(ctx)
	if err != nil {
		return nil, err
	}
	q.name = d.Name
	if q.stream, _, err = s.stream(ctx, streamKey{key.account, key.region, d.Stream}); err != nil {
		return nil, err
	}
	if q.stream == nil {
		return nil, errNoQueue // its removal is under way
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.queues[key]; other != nil {
		return other, nil
	}
	s.queues[key] = q
	q.stream.addQueue(q)
	return q, nil
}

// forgetQueue drops the handle of a queue that is gone. Who waits looks again, and
// is told.
func (s *Service) forgetQueue(q *queue) {
	s.mu.Lock()
	delete(s.queues, q.key)
	q.stream.removeQueue(q)
	s.mu.Unlock()
	q.transitions.disarm()
	s.o.Metrics.ForgetQueue(q.key.account, q.key.region, q.name)
	q.waitLive.WakeAll()
	q.waitDead.WakeAll()
}

// allQueues returns the queues that are known, in no order.
func (s *Service) allQueues() []*queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*queue, 0, len(s.queues))
	for _, q := range s.queues {
		out = append(out, q)
	}
	return out
}

// describe returns the durable description.
func (q *queue) describe(ctx context.Context) (*queueDescription, error) {
	d := new(queueDescription)
	err := q.part.View(ctx, func(r store.Reader) error { return readQueue(r, d) })
	return d, err
}

func readQueue(r store.Reader, d *queueDescription) error {
	found, err := row.Find(r, descriptionKey, d)
	if err == nil && !found {
		err = errNoQueue
	}
	return err
}

// update runs f on the queue's memory and commits what it changed: it returns
// once that is durable. f runs inside the locks and must not block, so it reads
// no log; it may run again, so what it hands out it sets anew each time. An f
// that changes nothing makes update a read of durable state.
func (q *queue) update(ctx context.Context, f func(tx store.Tx, m *queueMemory) error) error {
	err := q.part.Update(ctx, func(tx store.Tx) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		m, err := q.memory(tx)
		if err != nil {
			return err
		}
		if err := f(tx, m); err != nil {
			if m.changed {
				q.mem = nil // it is ahead of the rows
			}
			return err
		}
		m.commit(tx)
		q.transitions.arm(m.desc.Due)
		return q.wake(tx, m)
	})
	if errors.Is(err, errNoQueue) {
		q.svc.forgetQueue(q)
		return queueNotFound(q.key)
	}
	return err
}

// memory returns the memory of the rows that tx sees. It is thrown away where
// another commit than its own came last: one that failed, or another owner's.
func (q *queue) memory(tx store.Tx) (*queueMemory, error) {
	if q.mem != nil {
		generation, err := readGeneration(tx)
		if err != nil {
			return nil, err
		}
		if generation == q.mem.generation && q.mem.epoch == tx.Version().Epoch {
			return q.mem, nil
		}
	}
	q.mem = nil
	m, err := loadQueue(tx)
	if err != nil {
		return nil, err
	}
	q.mem = m
	return m, nil
}
