package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// DeleteStream begins the end of a stream: it is DELETING when this returns, and
// gone after the transition delay.
func (s *Service) DeleteStream(ctx context.Context, in *kinesisapi.DeleteStreamInput) error {
	h, _, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	return h.update(store.Freeing(ctx), func(tx store.Tx, st *streamState) error {
		if len(st.consumers) > 0 && !in.EnforceConsumerDeletion.V {
			return kinesisapi.ErrResourceInUseException.New("Stream %s under account %s has consumers that are not deregistered. Set EnforceConsumerDeletion to delete them with the stream.", st.key.name, st.key.account)
		}
		if len(st.queues) > 0 {
			return kinesisapi.ErrResourceInUseException.New("Stream %s under account %s has queues. Delete them first.", st.key.name, st.key.account)
		}
		if st.Status == deleting {
			return nil
		}
		d := st.description
		s.begin(&d, deleting, nil)
		tx.Set(descriptionKey, row.Encode(d))
		return nil
	})
}
