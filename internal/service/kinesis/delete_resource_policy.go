package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DeleteResourcePolicy removes the policy of a stream or a consumer.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *kinesisapi.DeleteResourcePolicyInput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	return r.change(ctx, func(st *streamState, a attachments) (attachments, error) {
		if err := r.wantActive(st); err != nil {
			return a, err
		}
		if a.Policy == "" {
			return a, kinesisapi.ErrResourceNotFoundException.New("No resource policy found for resource %s", r.arn)
		}
		a.Policy = ""
		return a, nil
	})
}
