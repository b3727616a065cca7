package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

const (
	subscriptionLife = 5 * time.Minute
	// heartbeat is the longest silence of a subscription. The Java SDK gives up
	// after 10 s without a byte (reference kinesis-streams §6).
	heartbeat = 5 * time.Second
	// maxEventBytes bounds the records of one event, unless a single one is larger.
	maxEventBytes = mib
)

// SubscribeToShard pushes a shard's records to a registered consumer, from the
// commit that makes them durable, for five minutes or until the shard's end.
func (s *Service) SubscribeToShard(ctx context.Context, in *kinesisapi.SubscribeToShardInput, out api.EventStream) error {
	h, st, c, err := s.resolveConsumer(ctx, in.ConsumerARN.V)
	if err != nil {
		return err
	}
	if c.Status != active {
		return kinesisapi.ErrResourceInUseException.New("Consumer %s of stream %s under account %s not ACTIVE, instead in state %s", c.Name, st.key.name, st.key.account, c.Status)
	}
	if st.Status != active && st.Status != updating {
		return notActive(st)
	}
	sh, err := readableShard(st, in.ShardId.V)
	if err != nil {
		return err
	}
	at := in.StartingPosition
	pos, err := s.startAt(ctx, st, sh, startingPoint{at.Type.V, at.SequenceNumber, at.Timestamp})
	if err != nil {
		return err
	}
	if err := dryRun(in.DryRun); err != nil {
		return err
	}
	now := s.o.Clock.Now()
	sub, err := h.subs.begin(ctx, subscriptionKey{c.Name, c.CreatedAt.Unix(), sh.Index}, now)
	if err != nil {
		return err
	}
	defer h.subs.end(sub)
	if err := out.Open(); err != nil {
		return err
	}
	p := push{s: s, h: h, sub: sub, out: out, pos: pos, incarnation: st.Incarnation, until: now.Add(subscriptionLife)}
	// Reference §7: 2 MiB/s for each consumer and shard.
	p.rate = newBucket(2 * mib * s.o.ShardLimits)
	p.timer = s.o.Clock.NewTimer(heartbeat)
	defer p.timer.Stop()
	return p.run()
}

// push is one subscription under way.
type push struct {
	s           *Service
	h           *stream
	sub         *subscription
	out         api.EventStream
	incarnation uint64
	pos         store.Position
	until       time.Time // the end of the subscription
	spoken      time.Time // when the last event was sent
	rate        bucket
	timer       clock.Timer
}

// run sends events until the subscription ends.
func (p *push) run() error {
	for {
		// What may change is watched from before it is looked at.
		stateChanged := p.h.part.Changed()
		st, sh, err := p.look()
		if err != nil {
			return err
		}
		log, err := sh.runtime.log(p.sub.ctx)
		if err != nil {
			return p.gone(st, err)
		}
		grown := log.Changed()
		wait, ended, err := p.send(st, sh, log)
		if err != nil || ended {
			return p.gone(st, err)
		}
		if wait == 0 {
			continue // there is more
		}
		p.timer.Reset(wait)
		select {
		case <-grown:
		case <-stateChanged:
		case <-p.timer.C():
		case <-p.sub.ctx.Done():
			return p.cause()
		}
		if !p.s.o.Clock.Now().Before(p.until) {
			return nil
		}
	}
}

// look returns the stream as it is now, or why the subscription cannot go on.
func (p *push) look() (*streamState, *shard, error) {
	st, err := p.h.load(p.sub.ctx)
	if err != nil {
		return nil, nil, err
	}
	if st == nil || st.Incarnation != p.incarnation {
		return nil, nil, streamNotFound(p.h.key)
	}
	c := st.consumer(p.sub.key.consumer)
	if c == nil || c.CreatedAt.Unix() != p.sub.key.made || c.Status == deleting {
		return nil, nil, consumerNotFound(st, p.sub.key.consumer)
	}
	sh := st.shard(p.sub.key.shard)
	if sh == nil {
		return nil, nil, kinesisapi.ErrResourceNotFoundException.New("Shard %s in stream %s under account %s does not exist", shardID(p.sub.key.shard), st.key.name, st.key.account)
	}
	return st, sh, nil
}

// send writes the next event where one is due, and returns how long to wait for
// the following one: 0 where there is more already.
func (p *push) send(st *streamState, sh *shard, log store.Log) (wait time.Duration, ended bool, err error) {
	now := p.s.o.Clock.Now()
	silent := heartbeat - now.Sub(p.spoken)
	if ready, pause := p.rate.ready(now); !ready {
		return min(pause, max(silent, time.Millisecond)), false, nil
	}
	page := pages.Get().(*store.Page)
	defer releasePage(page)
	r, err := p.s.readShard(p.sub.ctx, st, sh, log, p.pos, store.Limit{Records: maxGetRecords, Bytes: maxEventBytes}, page)
	if err != nil {
		return 0, false, err
	}
	p.pos = page.Next
	if len(page.Records) == 0 && !r.ended && silent > 0 && !p.spoken.IsZero() {
		return min(silent, p.until.Sub(now)), false, nil
	}
	event := kinesisapi.SubscribeToShardEvent{
		Records:            appendRecords(make([]kinesisapi.Record, 0, len(page.Records)), sh, page.Records),
		MillisBehindLatest: api.Some(r.behind.Milliseconds()),
	}
	if r.ended {
		event.ChildShards = childShards(st, sh)
	} else {
		event.ContinuationSequenceNumber = api.Some(sh.before(p.pos, now).String())
	}
	if err := p.out.Send("SubscribeToShardEvent", &event); err != nil {
		return 0, false, err
	}
	p.spoken = now
	p.rate.spend(now, float64(r.bytes))
	p.s.o.Metrics.Subscribed(st.key.account, st.key.region, st.key.name, p.sub.key.consumer, sh.id, st.ShardMetrics, len(page.Records), r.bytes, r.behind)
	if r.ended || r.behind > 0 {
		return 0, r.ended, nil
	}
	return min(heartbeat, max(p.until.Sub(now), time.Millisecond)), false, nil
}

// gone explains a log that is not there any more: the stream was deleted.
func (p *push) gone(st *streamState, err error) error {
	switch {
	case isNotFound(err):
		return streamNotFound(st.key)
	case errors.Is(err, context.Canceled):
		return p.cause()
	}
	return err
}

// cause is why the subscription's context ended: another one took over, or the
// client or the server went away, which ends the answer without an error.
func (p *push) cause() error {
	var taken *api.Error
	if errors.As(context.Cause(p.sub.ctx), &taken) {
		return taken
	}
	return nil
}
