package kinesis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// reading of what a receive was given.
type queueReading struct {
	q       *queue
	look    *sources
	horizon time.Time
	records []kinesisapi.QueueRecord
	expired []delivery
	floors  map[uint32]store.Position // where in a shard retention begins
	damage  error
}

// readDeliveries reads the records of deliveries, which are leased. Those past
// retention it returns as expired, with the position where retention begins in
// their shards. A record that is damaged keeps its lease, so that it is tried
// again and becomes a dead letter in the end; alone it is an error. After any
// other error everything can be received again.
func (q *queue) readDeliveries(ctx context.Context, look *sources, out []delivery) ([]kinesisapi.QueueRecord, []delivery, map[uint32]store.Position, error) {
	r := &queueReading{q: q, look: look, horizon: q.svc.horizon(look.st), floors: make(map[uint32]store.Position)}
	err := r.read(ctx, out)
	if err != nil {
		return nil, nil, nil, errors.Join(err, q.giveBack(ctx, out))
	}
	if r.damage != nil {
		if len(r.records) == 0 {
			return nil, nil, nil, r.damage
		}
		q.svc.o.Logger.Error("records of a queue could not be delivered", "queue", q.key.arn(), "error", r.damage)
	}
	return r.records, r.expired, r.floors, nil
}

// read reads the deliveries, consecutive ones of a shard at once.
func (r *queueReading) read(ctx context.Context, out []delivery) error {
	for len(out) > 0 {
		n := 1
		for n < len(out) && out[n].shard == out[0].shard && out[n].item.ID == out[n-1].item.ID+1 {
			n++
		}
		if err := r.readRun(ctx, out[:n]); err != nil {
			return err
		}
		out = out[n:]
	}
	return nil
}

func (r *queueReading) readRun(ctx context.Context, run []delivery) error {
	sh := r.look.st.shard(run[0].shard)
	log, err := sh.runtime.log(ctx)
	if isNotFound(err) {
		r.expired = append(r.expired, run...)
		return nil
	}
	if err != nil {
		return err
	}
	n := expectedBytes(log, run[0].position(), store.Limit{Records: len(run)})
	if !api.CallOf(ctx).Reserve(ctx, n*7/3) {
		return kinesisapi.ErrThrottlingException.New("Rate exceeded for queue %s.", r.q.key.arn())
	}
	for from := run[0].position(); len(run) > 0; {
		var page store.Page
		err := log.Read(ctx, from, store.Limit{Records: len(run)}, &page)
		if damage, ok := errors.AsType[*store.DamageError](err); ok {
			r.damage = explainDamage(r.look.st, sh, r.q.svc.o.Clock.Now(), err)
			from, run = damage.Next, after(run, damage.Next)
			continue
		}
		if isNotFound(err) {
			break // trimming dropped the shard meanwhile
		}
		if err != nil {
			return err
		}
		if run, err = r.match(ctx, sh, log, run, page.Records); err != nil {
			return err
		}
		if len(page.Records) == 0 {
			break
		}
		from = page.Next
	}
	r.expired = append(r.expired, run...)
	return nil
}

// after returns the deliveries of a run from a position on.
func after(run []delivery, at store.Position) []delivery {
	for len(run) > 0 && run[0].position() < at {
		run = run[1:]
	}
	return run
}

// match turns records into answers to the deliveries, and returns those whose
// records are still to come. A record that is not there, or too old, has expired.
func (r *queueReading) match(ctx context.Context, sh *shard, log store.Log, run []delivery, records []store.Record) ([]delivery, error) {
	for i := range records {
		rec := &records[i]
		for len(run) > 0 && run[0].position() < rec.Position {
			r.expired = append(r.expired, run[0])
			run = run[1:]
		}
		if len(run) == 0 || run[0].position() != rec.Position {
			continue
		}
		d := &run[0]
		run = run[1:]
		if rec.Stamp.Before(r.horizon) {
			r.expired = append(r.expired, *d)
			at, err := log.Seek(ctx, r.horizon)
			if err != nil {
				return nil, err
			}
			r.floors[d.shard] = at
			continue
		}
		shown, err := r.q.show(r.look.st, sh, d, rec)
		if err != nil {
			return nil, err
		}
		r.records = append(r.records, shown)
	}
	return run, nil
}

// show is a record as the API shows it.
func (q *queue) show(st *streamState, sh *shard, d *delivery, rec *store.Record) (kinesisapi.QueueRecord, error) {
	key, data, err := splitRecord(rec.Data)
	if err != nil {
		panic("BUG: a record whose block was intact does not parse")
	}
	if key.Set {
		key.V = strings.Clone(key.V)
	}
	receipt := queueReceipt{id: q.key.id, dead: d.dead, shard: d.shard, position: d.item.ID, lease: d.item.Lease}
	handle, err := receipt.seal(q.svc.tokens)
	return kinesisapi.QueueRecord{
		ReceiptHandle:               api.Some(handle),
		RecordId:                    api.Some(recordID(st.Incarnation, sh.Index, rec.Position)),
		PartitionKey:                key,
		Data:                        data,
		ApproximateArrivalTimestamp: api.Some(rec.Stamp),
		FirstReceiveTimestamp:       api.Some(time.UnixMilli(d.item.First).UTC()),
		ReceiveCount:                api.Some(int32(d.item.Count)),
	}, err
}

// giveBack makes as if a receive had not been: its records are visible at once.
func (q *queue) giveBack(ctx context.Context, out []delivery) error {
	ctx = store.Freeing(context.WithoutCancel(ctx))
	return q.update(ctx, func(tx store.Tx, m *queueMemory) error {
		now := q.svc.nowMillis()
		for i := range out {
			h, _, err := m.held(tx, &queueReceipt{dead: out[i].dead, shard: out[i].shard, position: out[i].item.ID, lease: out[i].item.Lease})
			if err != nil {
				return err
			}
			if h != nil {
				h.undo(tx, out[i].dead, now)
			}
		}
		return nil
	})
}
