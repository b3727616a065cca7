package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// DeregisterStreamConsumer begins the end of a consumer, and of its
// subscriptions.
func (s *Service) DeregisterStreamConsumer(ctx context.Context, in *kinesisapi.DeregisterStreamConsumerInput) error {
	h, _, found, err := s.namedConsumer(ctx, in.StreamARN, in.ConsumerName, in.ConsumerARN)
	if err != nil {
		return err
	}
	return h.update(store.Freeing(ctx), func(tx store.Tx, st *streamState) error {
		c := st.consumer(found.Name)
		if c == nil || !c.CreatedAt.Equal(found.CreatedAt) {
			return consumerNotFound(st, found.Name)
		}
		if c.Status == deleting {
			return nil
		}
		ending := *c
		ending.Status, ending.Due = deleting, s.o.Clock.Now().Add(s.o.TransitionDelay)
		tx.Set(consumerKey(c.Name), row.Encode(ending))
		d := st.description
		d.LastConsumer = max(d.LastConsumer, c.CreatedAt.Unix())
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
}
