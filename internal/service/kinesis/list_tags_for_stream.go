package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// ListTagsForStream lists a page of a stream's tags, by key.
func (s *Service) ListTagsForStream(ctx context.Context, in *kinesisapi.ListTagsForStreamInput, out *kinesisapi.ListTagsForStreamOutput) error {
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	limit := int(in.Limit.Or(maxTags))
	out.Tags, out.HasMoreTags = []kinesisapi.Tag{}, api.Some(false)
	for _, t := range tagList(st.Tags) {
		if in.ExclusiveStartTagKey.Set && t.Key.V <= in.ExclusiveStartTagKey.V {
			continue
		}
		if len(out.Tags) == limit {
			out.HasMoreTags = api.Some(true)
			break
		}
		out.Tags = append(out.Tags, t)
	}
	return nil
}
