package kinesis

import (
	"context"
	"maps"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// UntagResource removes tags from a stream, a consumer or a queue. Keys that it does not
// have are no error.
func (s *Service) UntagResource(ctx context.Context, in *kinesisapi.UntagResourceInput) error {
	return s.removeTags(ctx, in.ResourceARN.V, in.TagKeys)
}

func (s *Service) removeTags(ctx context.Context, arn string, keys []string) error {
	r, err := s.resolveResource(ctx, arn)
	if err != nil {
		return err
	}
	return r.change(ctx, func(a attachments) (attachments, error) {
		if a.keepTags != nil {
			return a, a.keepTags
		}
		a.Tags = maps.Clone(a.Tags)
		for _, k := range keys {
			delete(a.Tags, k)
		}
		return a, nil
	})
}
