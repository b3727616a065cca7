package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// listConsumersDefault is the page of ListStreamConsumers (reference §3, a guess
// there).
const listConsumersDefault = 100

// ListStreamConsumers lists a stream's consumers by name, in all states.
func (s *Service) ListStreamConsumers(ctx context.Context, in *kinesisapi.ListStreamConsumersInput, out *kinesisapi.ListStreamConsumersOutput) error {
	_, st, err := s.resolve(ctx, api.Opt[string]{}, in.StreamARN)
	if err != nil {
		return err
	}
	if in.StreamCreationTimestamp.Set && in.StreamCreationTimestamp.V.Unix() != st.CreatedAt.Unix() {
		return streamNotFound(st.key)
	}
	after := ""
	if in.NextToken.Set {
		p, err := s.openPage(ctx, "ListStreamConsumers", in.NextToken.V)
		if err != nil {
			return err
		}
		if p.key != st.key || p.incarnation != st.Incarnation {
			return kinesisapi.ErrInvalidArgumentException.New("NextToken does not belong to stream %s.", st.key.arn())
		}
		after = p.after
	}
	limit := int(in.MaxResults.Or(listConsumersDefault))
	out.Consumers = []kinesisapi.Consumer{}
	for _, c := range st.consumers {
		if c.Name <= after {
			continue
		}
		if len(out.Consumers) == limit {
			token, err := s.sealPage(page{op: "ListStreamConsumers", key: st.key, incarnation: st.Incarnation, after: out.Consumers[limit-1].ConsumerName.V})
			out.NextToken = api.Some(token)
			return err
		}
		out.Consumers = append(out.Consumers, c.shape(st.key))
	}
	return nil
}
