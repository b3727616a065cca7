package kinesis

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/fault"
	"github.com/millrace/millrace/internal/store"
)

// What a queue has where its creator asks for nothing (API reference of
// QueueAttributes).
var defaultQueue = queueAttributes{Visibility: 30, MaxReceives: 6}

// CreateQueue makes a queue on an on-demand stream. LATEST means the tips of the
// shards at the time of this call.
func (s *Service) CreateQueue(ctx context.Context, in *kinesisapi.CreateQueueInput, out *kinesisapi.CreateQueueOutput) error {
	if len(in.StreamConfigurationList) != 1 {
		return api.ErrValidation.New("StreamConfigurationList must contain exactly one entry.")
	}
	start := &in.StreamConfigurationList[0]
	h, st, err := s.resolve(ctx, api.Opt[string]{}, start.StreamARN)
	if err != nil {
		return err
	}
	d := queueDescription{Name: in.QueueName.V, CreatedAt: s.o.Clock.Now().UTC(), Stream: st.key.name, Incarnation: st.Incarnation, Tags: in.Tags}
	if d.queueAttributes, err = defaultQueue.with(in.QueueAttributes); err != nil {
		return err
	}
	if err := checkTags(in.Tags, nil); err != nil {
		return err
	}
	limit, err := s.consumerLimit(ctx, st)
	if err != nil {
		return err
	}
	check := func(st *streamState) error { return checkQueueOn(st, d.Incarnation, limit) }
	if err := check(st); err != nil {
		return err
	}
	e := &queueEntry{Name: d.Name, ID: strings.ToLower(rand.Text())}
	if d.Start, e.From, err = s.startQueue(ctx, st, start.StartingPosition, d.CreatedAt); err != nil {
		return err
	}
	d.begin(s, creating, nil)
	e.Initial = d
	key := queueKey{st.key.account, st.key.region, e.ID}
	err = s.queueRegistry(key.account, key.region).reserve(ctx, e)
	if err == nil {
		err = s.makeQueue(ctx, h, key, e, check)
	}
	if err != nil {
		if refused := new(api.Error); !errors.As(err, &refused) {
			s.makeQueueLater(key, e)
		}
		return err
	}
	out.QueueDescription = d.shape(key)
	return nil
}

// makeQueue makes a queue whose name is reserved. Where the stream refuses it the
// name is free again.
func (s *Service) makeQueue(ctx context.Context, h *stream, key queueKey, e *queueEntry, check func(*streamState) error) error {
	fault.Point("kinesis.queue.create.reserved")
	err := s.linkQueue(ctx, h, e.ID, check)
	if errors.Is(err, errStreamGone) {
		err = streamNotFound(h.key)
	}
	var refused *api.Error
	if errors.As(err, &refused) {
		if err := s.queueRegistry(key.account, key.region).remove(store.Freeing(ctx), e.Name, e.ID); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	fault.Point("kinesis.queue.create.linked")
	if err := s.writeQueue(ctx, key, e); err != nil {
		return err
	}
	q, err := s.queue(ctx, key)
	if err != nil {
		return err
	}
	if err := q.arm(ctx); err != nil {
		return err
	}
	q.settleAtOnce(ctx)
	return nil
}

// checkQueueOn refuses a stream that takes no queue.
func checkQueueOn(st *streamState, incarnation uint64, limit int) error {
	if st.Incarnation != incarnation {
		return streamNotFound(st.key)
	}
	if err := wantActive(st); err != nil {
		return err
	}
	if !st.OnDemand {
		return api.ErrValidation.New("Stream %s under account %s is not in ON_DEMAND mode. Queues are supported on streams in ON_DEMAND mode only.", st.key.name, st.key.account)
	}
	return checkConsumerCount(st, limit)
}

// with returns the attributes with those changed that a request gives.
func (a queueAttributes) with(in *kinesisapi.QueueAttributes) (queueAttributes, error) {
	if in == nil {
		return a, nil
	}
	a.Visibility = in.VisibilityTimeoutSeconds.Or(a.Visibility)
	switch d := in.DeadLetterConfiguration; {
	case d == nil:
	case d.TargetType.V == kinesisapi.TargetTypeNone:
		if d.MaxReceiveCount.Set {
			return a, api.ErrValidation.New("MaxReceiveCount must not be specified with the TargetType NONE.")
		}
		a.MaxReceives = 0
	case !d.MaxReceiveCount.Set:
		return a, api.ErrValidation.New("MaxReceiveCount is required with the TargetType BUILT_IN.")
	default:
		a.MaxReceives = uint32(d.MaxReceiveCount.V)
	}
	return a, nil
}

// startQueue returns where a queue begins in the shards that the stream has.
func (s *Service) startQueue(ctx context.Context, st *streamState, in *kinesisapi.QueueStartingPosition, now time.Time) (queueStart, []queueFrom, error) {
	start := queueStart{Type: kinesisapi.QueueStartingPositionTypeLatest, Effective: now}
	horizon := s.horizon(st)
	if horizon.Before(st.CreatedAt) {
		horizon = st.CreatedAt
	}
	if in != nil {
		start.Type = in.Type.V
		timed := start.Type == kinesisapi.QueueStartingPositionTypeAtTimestamp
		if in.Timestamp.Set != timed {
			return start, nil, api.ErrValidation.New("Timestamp is required with the starting position AT_TIMESTAMP, and must not be specified with any other.")
		}
		if timed {
			if err := s.checkTimestamp(in.Timestamp); err != nil {
				return start, nil, err
			}
			start.Asked, start.Effective = in.Timestamp.V, in.Timestamp.V
			if start.Asked.Before(horizon) {
				start.Effective = horizon
			}
		}
		if start.Type == kinesisapi.QueueStartingPositionTypeTrimHorizon {
			start.Effective = horizon
		}
	}
	from := make([]queueFrom, len(st.shards))
	point := startingPoint{kind: start.Type, time: api.Some(start.Effective)}
	err := each(len(st.shards), func(i int) error {
		at, err := s.startAt(ctx, st, st.shards[i], point)
		from[i] = queueFrom{st.shards[i].Index, at}
		return err
	})
	return start, from, err
}
