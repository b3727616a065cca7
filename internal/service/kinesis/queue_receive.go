package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/inflight"
	"github.com/millrace/millrace/internal/store"
)

// What a receive gets where it asks for nothing (API reference of
// ReceiveQueueRecords).
const (
	receiveMax  = 10
	receiveWait = 9 // seconds
)

// askedOfQueue is what a receive asks for.
type askedOfQueue struct {
	dead       bool
	max        api.Opt[int32]
	wait       api.Opt[int32] // seconds
	visibility api.Opt[int32] // seconds; the queue's where it is not given
}

// nowMillis is the time of the queues. It never runs back.
func (s *Service) nowMillis() int64 { return s.steady.Now().UnixMilli() }

// receiveFromQueue delivers records of a queue, and waits for some where there are
// none. What it returns is leased durably before the records are read. A caller
// that goes away while it waits takes nothing.
func (s *Service) receiveFromQueue(ctx context.Context, arn string, a askedOfQueue) ([]kinesisapi.QueueRecord, error) {
	q, err := s.resolveQueue(ctx, arn)
	if err != nil {
		return nil, err
	}
	records, err := q.receive(ctx, a)
	if records == nil {
		records = []kinesisapi.QueueRecord{} // the list is never absent
	}
	if err == nil {
		s.o.Metrics.QueueReceived(q.key.account, q.key.region, q.name, len(records))
	}
	return records, err
}

// receive is receiveFromQueue of a queue.
func (q *queue) receive(ctx context.Context, a askedOfQueue) ([]kinesisapi.QueueRecord, error) {
	s := q.svc
	waiters := &q.waitLive
	if a.dead {
		waiters = &q.waitDead
	}
	var (
		timer    clock.Timer
		deadline int64 // of the wait, ms; 0 before the first attempt
		wt       *inflight.Waiter
		t        *taking
		write    = store.Freeing(ctx) // whoever cannot receive cannot acknowledge either
		expired  []delivery
		floors   map[uint32]store.Position
	)
	for again := false; ; again = true {
		arrivals := q.arrivals.Load()
		look, err := q.look(ctx)
		if err != nil {
			return nil, err
		}
		err = q.update(write, func(tx store.Tx, m *queueMemory) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if wt != nil { // f runs once more
				waiters.Drop(wt)
				wt = nil
			}
			if err := m.wantDelivering(q.key); err != nil {
				return err
			}
			if err := m.follow(tx, look); err != nil {
				return err
			}
			if err := m.drop(tx, expired, floors); err != nil {
				return err
			}
			now := s.nowMillis()
			// A record that is visible again at once is so after this receive.
			until := max(now+1000*int64(a.visibility.Or(m.desc.Visibility)), now+1)
			t = &taking{dead: a.dead, now: now, until: until, max: int(a.max.Or(receiveMax))}
			if err := m.receive(tx, look, t, s.o.QueueInFlight); err != nil {
				return err
			}
			if len(t.out) > 0 {
				fault.Point("kinesis.queue.receive.written")
			}
			if deadline == 0 {
				deadline = now + 1000*int64(a.wait.Or(receiveWait))
			}
			if len(t.out) == 0 && deadline > now {
				wt = waiters.Add(again)
			}
			return nil
		})
		if err != nil {
			if wt != nil {
				waiters.Leave(wt)
			}
			return nil, err
		}
		if len(t.out) > 0 {
			fault.Point("kinesis.queue.receive.durable")
			var records []kinesisapi.QueueRecord
			records, expired, floors, err = q.readDeliveries(ctx, look, t.out)
			if err != nil || len(records) > 0 {
				return records, err
			}
			continue
		}
		expired, floors = nil, nil
		if wt == nil {
			return nil, nil
		}
		if q.arrivals.Load() != arrivals {
			waiters.Wake() // what came after the look woke nobody
		}
		if timer == nil {
			timer = s.o.Clock.NewTimer(time.Duration(deadline-s.nowMillis()) * time.Millisecond)
			defer timer.Stop()
		}
		if !waiters.Wait(ctx, wt, timer, s.work.Done()) {
			return nil, ctx.Err()
		}
		wt = nil
	}
}

// wantDelivering refuses a queue that delivers nothing: one that is not there yet,
// or not for long.
func (m *queueMemory) wantDelivering(key queueKey) error {
	if m.desc.Status == creating || m.desc.Status == deleting {
		return kinesisapi.ErrResourceNotFoundException.New("Queue %s is not ACTIVE, instead in state %s.", key.arn(), m.desc.Status)
	}
	return nil
}

// drop removes records that a receive was given and found to be past retention,
// and what lies before floors.
func (m *queueMemory) drop(tx store.Tx, expired []delivery, floors map[uint32]store.Position) error {
	for i := range expired {
		d := &expired[i]
		sh := m.shard(d.shard)
		if sh == nil {
			continue
		}
		for _, machine := range []*inflight.Machine{sh.live, sh.dead} {
			it, ok, err := machine.Find(tx, d.item.ID)
			if err != nil {
				return err
			}
			if ok {
				machine.Remove(tx, it)
				m.touch(sh)
			}
		}
	}
	for index, at := range floors {
		if sh := m.shard(index); sh != nil && sh.cursor < at {
			sh.cursor = at
			m.touch(sh)
		}
	}
	return nil
}

// wake wakes a receive that waits where there is something for it, or sets the
// timer to when there will be. It is called after every transaction.
func (q *queue) wake(r store.Reader, m *queueMemory) error {
	if m.wantDelivering(q.key) != nil {
		q.waitLive.WakeAll() // who waits looks again, and is told
		q.waitDead.WakeAll()
		return nil
	}
	return errors.Join(q.wakeOne(r, m, &q.waitLive, false), q.wakeOne(r, m, &q.waitDead, true))
}

func (q *queue) wakeOne(r store.Reader, m *queueMemory, w *inflight.Waiters, dead bool) error {
	if w.Len() == 0 {
		return nil
	}
	now := q.svc.nowMillis()
	at, ok, err := m.ready(r, q.sources.Load(), dead, now)
	if err != nil {
		return err
	}
	if !ok {
		w.WakeNever()
		return nil
	}
	if limit := q.svc.o.QueueInFlight; at <= now && m.inFlight(now, limit-1) >= limit {
		at = now + fullDelay // or when a record is settled
	}
	w.WakeAt(q.svc.o.Clock, at, now)
	return nil
}

// fullDelay is how soon a receive that waits looks again, in ms, where as many
// records are in flight as may be: leases end meanwhile.
const fullDelay = 1000
