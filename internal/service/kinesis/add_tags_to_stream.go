package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// AddTagsToStream is TagResource for a stream by its name.
func (s *Service) AddTagsToStream(ctx context.Context, in *kinesisapi.AddTagsToStreamInput) error {
	key, err := streamOf(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	return s.addTags(ctx, key.arn(), in.Tags)
}
