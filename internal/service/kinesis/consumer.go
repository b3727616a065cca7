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
