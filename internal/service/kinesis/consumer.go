package kinesis

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// consumerARN returns the consumer's ARN. Its creation second tells consumers of
// one name apart.
func consumerARN(key streamKey, c *consumer) string {
	return key.arn() + "/consumer/" + c.Name + ":" + strconv.FormatInt(c.CreatedAt.Unix(), 10)
}

// parseConsumerARN reads <stream ARN>/consumer/<name>:<creation seconds>.
func parseConsumerARN(arn string) (key streamKey, name string, made int64, ok bool) {
	stream, rest, found := strings.Cut(arn, "/consumer/")
	name, second, colon := strings.Cut(rest, ":")
	key, ok = parseStreamARN(stream)
	made, err := strconv.ParseInt(second, 10, 64)
	return key, name, made, ok && found && colon && err == nil && validName(name)
}

// resolveConsumer finds the consumer that an ARN names.
func (s *Service) resolveConsumer(ctx context.Context, arn string) (*stream, *streamState, *consumer, error) {
	key, name, made, ok := parseConsumerARN(arn)
	if !ok {
		return nil, nil, nil, badARN(arn)
	}
	if err := checkReach(api.CallOf(ctx), key, arn); err != nil {
		return nil, nil, nil, err
	}
	h, st, err := s.resolveKey(ctx, key)
	if err != nil {
		return nil, nil, nil, err
	}
	c := st.consumer(name)
	if c == nil || c.CreatedAt.Unix() != made {
		return nil, nil, nil, consumerNotFound(st, name)
	}
	return h, st, c, nil
}

func consumerNotFound(st *streamState, name string) error {
	return kinesisapi.ErrResourceNotFoundException.New("Consumer %s of stream %s under account %s not found.", name, st.key.name, st.key.account)
}

// namedConsumer finds the consumer that a request names by its ARN, by the
// stream's ARN and its own name, or by all of them where they agree.
func (s *Service) namedConsumer(ctx context.Context, of, name, arn api.Opt[string]) (*stream, *streamState, *consumer, error) {
	if arn.Set {
		h, st, c, err := s.resolveConsumer(ctx, arn.V)
		if err == nil && (of.Set && of.V != st.key.arn() || name.Set && name.V != c.Name) {
			err = kinesisapi.ErrInvalidArgumentException.New("StreamARN, ConsumerName and ConsumerARN do not match.")
		}
		return h, st, c, err
	}
	if !of.Set || !name.Set {
		return nil, nil, nil, kinesisapi.ErrInvalidArgumentException.New("Either ConsumerARN, or both StreamARN and ConsumerName, must be provided.")
	}
	h, st, err := s.resolve(ctx, api.Opt[string]{}, of)
	if err != nil {
		return nil, nil, nil, err
	}
	c := st.consumer(name.V)
	if c == nil {
		return nil, nil, nil, consumerNotFound(st, name.V)
	}
	return h, st, c, nil
}

// shape is a consumer as the API shows it.
func (c *consumer) shape(key streamKey) kinesisapi.Consumer {
	return kinesisapi.Consumer{
		ConsumerName:              api.Some(c.Name),
		ConsumerARN:               api.Some(consumerARN(key, c)),
		ConsumerStatus:            api.Some(c.Status),
		ConsumerCreationTimestamp: api.Some(c.CreatedAt),
	}
}
