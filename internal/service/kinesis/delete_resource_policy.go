package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// DeleteResourcePolicy removes the policy of a stream, a consumer or a queue.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *kinesisapi.DeleteResourcePolicyInput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	return r.change(ctx, func(a attachments) (attachments, error) {
		if a.keepPolicy != nil {
			return a, a.keepPolicy
		}
		if a.Policy == "" {
			return a, kinesisapi.ErrResourceNotFoundException.New("No resource policy found for resource %s", in.ResourceARN.V)
		}
		a.Policy = ""
		return a, nil
	})
}
