package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// RemoveTagsFromStream is UntagResource for a stream by its name.
func (s *Service) RemoveTagsFromStream(ctx context.Context, in *kinesisapi.RemoveTagsFromStreamInput) error {
	key, err := streamOf(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	return s.removeTags(ctx, key.arn(), in.TagKeys)
}
