package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// Limits of a stream's consumers (reference kinesis-streams §4.4, §7).
const (
	maxConsumers          = 20
	maxConsumersAdvantage = 50 // on-demand streams of an account with a commitment
	maxConsumersCreating  = 5
)

// RegisterStreamConsumer begins to register a consumer of a stream. Its creation
// second is beyond that of every consumer that was deregistered before, so that a
// name that comes again has another ARN.
func (s *Service) RegisterStreamConsumer(ctx context.Context, in *kinesisapi.RegisterStreamConsumerInput, out *kinesisapi.RegisterStreamConsumerOutput) error {
	h, st, err := s.resolve(ctx, api.Opt[string]{}, in.StreamARN)
	if err != nil {
		return err
	}
	if err := checkTags(in.Tags, nil); err != nil {
		return err
	}
	limit, err := s.consumerLimit(ctx, st)
	if err != nil {
		return err
	}
	var c *consumer
	err = h.update(ctx, func(tx store.Tx, st *streamState) error {
		if err := wantActive(st); err != nil {
			return err
		}
		if err := checkRegistration(st, in.ConsumerName.V, limit); err != nil {
			return err
		}
		now := s.o.Clock.Now()
		second := max(now.Unix(), int64(st.Incarnation), st.LastConsumer+1)
		c = &consumer{Name: in.ConsumerName.V, CreatedAt: time.Unix(second, 0).UTC(), Status: creating, Due: now.Add(s.o.TransitionDelay), Tags: in.Tags}
		tx.Set(consumerKey(c.Name), row.Encode(c))
		return nil
	})
	if err != nil {
		return err
	}
	shape := c.shape(st.key)
	out.Consumer = &shape
	return nil
}

// checkRegistration holds a new consumer against those that there are.
func checkRegistration(st *streamState, name string, limit int) error {
	if st.consumer(name) != nil {
		return kinesisapi.ErrResourceInUseException.New("Consumer under stream %s already exists. Consumer name: %s.", st.key.arn(), name)
	}
	inCreation := 0
	for _, c := range st.consumers {
		if c.Status == creating {
			inCreation++
		}
	}
	if inCreation >= maxConsumersCreating {
		return kinesisapi.ErrLimitExceededException.New("Number of consumers in CREATING state cannot exceed %d for the stream %s.", maxConsumersCreating, st.key.arn())
	}
	return checkConsumerCount(st, limit)
}

// checkConsumerCount refuses one more consumer, as which a queue counts.
func checkConsumerCount(st *streamState, limit int) error {
	if len(st.consumers)+len(st.queues) >= limit {
		return kinesisapi.ErrLimitExceededException.New("Number of registered consumers cannot exceed %d for the stream %s.", limit, st.key.arn())
	}
	return nil
}

// consumerLimit is how many consumers the stream may have.
func (s *Service) consumerLimit(ctx context.Context, st *streamState) (int, error) {
	if !st.OnDemand {
		return maxConsumers, nil
	}
	account, err := s.registry(st.key.account, st.key.region).settings(ctx)
	if err == nil && account.committed(s.o.Clock.Now()) {
		return maxConsumersAdvantage, nil
	}
	return maxConsumers, err
}
