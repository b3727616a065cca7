package kinesis

import (
	"context"
	"encoding/json"
	"slices"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// maxPolicyBytes is the longest policy (reference kinesis-streams §4.5).
const maxPolicyBytes = 20 << 10

// PutResourcePolicy attaches a policy to a stream or a consumer, in place of the
// one that it has. Policies are stored; who may call is decided without them
// until users and roles are there (docs/divergences/kinesis.md).
func (s *Service) PutResourcePolicy(ctx context.Context, in *kinesisapi.PutResourcePolicyInput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkPolicy(r.arn, in.Policy.V); err != nil {
		return err
	}
	return r.change(ctx, func(_ *streamState, a attachments) (attachments, error) {
		a.Policy = in.Policy.V
		return a, nil
	})
}

// checkPolicy refuses what is no policy, or one of another resource.
func checkPolicy(arn, policy string) error {
	if len(policy) > maxPolicyBytes {
		return kinesisapi.ErrInvalidArgumentException.New("The policy is longer than %d bytes.", maxPolicyBytes)
	}
	var document struct {
		Statement oneOrMore[struct {
			Effect   string
			Resource oneOrMore[string]
		}]
	}
	if err := json.Unmarshal([]byte(policy), &document); err != nil || len(document.Statement) == 0 {
		return kinesisapi.ErrInvalidArgumentException.New("The policy is not a valid JSON policy document.")
	}
	for _, st := range document.Statement {
		if st.Effect != "Allow" && st.Effect != "Deny" {
			return kinesisapi.ErrInvalidArgumentException.New("A statement of the policy has neither the Effect Allow nor Deny.")
		}
		if !slices.Contains(st.Resource, arn) || len(st.Resource) != 1 {
			return kinesisapi.ErrInvalidArgumentException.New("The Resource of each statement must be %s.", arn)
		}
	}
	return nil
}

// oneOrMore is a list that JSON may write as its only element.
type oneOrMore[T any] []T

// UnmarshalJSON reads a list or a single element.
func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	*l = make([]T, 1)
	return json.Unmarshal(b, &(*l)[0])
}
