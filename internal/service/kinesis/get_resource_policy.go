package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// noPolicy is what AWS shows of a resource without a policy (recorded, reference
// kinesis-streams §4.5).
const noPolicy = "{}"

// GetResourcePolicy shows the policy of a stream, a consumer or a queue.
func (s *Service) GetResourcePolicy(ctx context.Context, in *kinesisapi.GetResourcePolicyInput, out *kinesisapi.GetResourcePolicyOutput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	a, err := r.read(ctx)
	if err != nil {
		return err
	}
	if a.Policy == "" {
		a.Policy = noPolicy
	}
	out.Policy = api.Some(a.Policy)
	return nil
}
