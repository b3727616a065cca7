package kinesis

import (
	"context"
	"maps"
	"slices"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// ListTagsForResource lists all tags of a stream, a consumer or a queue, by key.
func (s *Service) ListTagsForResource(ctx context.Context, in *kinesisapi.ListTagsForResourceInput, out *kinesisapi.ListTagsForResourceOutput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	a, err := r.read(ctx)
	if err != nil {
		return err
	}
	out.Tags = tagList(a.Tags)
	return nil
}

// tagList returns tags as the API shows them, by key.
func tagList(tags map[string]string) []kinesisapi.Tag {
	list := make([]kinesisapi.Tag, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, kinesisapi.Tag{Key: api.Some(k), Value: api.Some(tags[k])})
	}
	return list
}
