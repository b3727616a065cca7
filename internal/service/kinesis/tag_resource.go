package kinesis

import (
	"context"
	"maps"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// TagResource adds tags to a stream, a consumer or a queue, over those of the same keys.
func (s *Service) TagResource(ctx context.Context, in *kinesisapi.TagResourceInput) error {
	return s.addTags(ctx, in.ResourceARN.V, in.Tags)
}

func (s *Service) addTags(ctx context.Context, arn string, add map[string]string) error {
	r, err := s.resolveResource(ctx, arn)
	if err != nil {
		return err
	}
	return r.change(ctx, func(a attachments) (attachments, error) {
		if a.keepTags != nil {
			return a, a.keepTags
		}
		if err := checkTags(add, a.Tags); err != nil {
			return a, err
		}
		tags := maps.Clone(a.Tags)
		if tags == nil {
			tags = make(map[string]string, len(add))
		}
		maps.Copy(tags, add)
		a.Tags = tags
		return a, nil
	})
}
