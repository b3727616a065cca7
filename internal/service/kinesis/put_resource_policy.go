package kinesis

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// maxPolicyBytes is the longest policy (reference kinesis-streams §4.5).
const maxPolicyBytes = 20 << 10

// PutResourcePolicy attaches a policy to a stream, a consumer or a queue, in place of the
// one that it has. Policies are stored; who may call is decided without them
// until users and roles are there (docs/divergences/kinesis.md).
func (s *Service) PutResourcePolicy(ctx context.Context, in *kinesisapi.PutResourcePolicyInput) error {
	r, err := s.resolveResource(ctx, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkPolicy(in.ResourceARN.V, in.Policy.V); err != nil {
		return err
	}
	return r.change(ctx, func(a attachments) (attachments, error) {
		a.Policy = in.Policy.V
		return a, a.keepPolicy
	})
}

// checkPolicy refuses what is no policy, or one of another resource. As in any
// policy, a Resource may be a pattern.
func checkPolicy(arn, policy string) error {
	if len(policy) > maxPolicyBytes {
		return kinesisapi.ErrInvalidArgumentException.New("The policy is longer than %d bytes.", maxPolicyBytes)
	}
	var document struct {
		Statement oneOrMore[struct {
			Effect                  string
			Principal, NotPrincipal json.RawMessage
			Action, NotAction       json.RawMessage
			Resource                oneOrMore[string]
		}]
	}
	if err := json.Unmarshal([]byte(policy), &document); err != nil || len(document.Statement) == 0 {
		return kinesisapi.ErrInvalidArgumentException.New("The policy is not a valid JSON policy document.")
	}
	for _, st := range document.Statement {
		if st.Effect != "Allow" && st.Effect != "Deny" {
			return kinesisapi.ErrInvalidArgumentException.New("A statement of the policy has neither the Effect Allow nor Deny.")
		}
		if st.Principal == nil && st.NotPrincipal == nil || st.Action == nil && st.NotAction == nil {
			return kinesisapi.ErrInvalidArgumentException.New("A statement of the policy names no Principal or no Action.")
		}
		if len(st.Resource) == 0 || slices.ContainsFunc(st.Resource, func(pattern string) bool { return !matches(pattern, arn) }) {
			return kinesisapi.ErrInvalidArgumentException.New("The Resource of each statement must be %s.", arn)
		}
	}
	return nil
}

// matches reports whether s is what a pattern of a policy means: * stands for
// any number of characters, ? for one.
func matches(pattern, s string) bool {
	p, i := 0, 0
	star, from := -1, 0 // the last * met, and where what follows it is tried
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
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
