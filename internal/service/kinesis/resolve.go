package kinesis

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/arn"
)

// streamNotFound is AWS's answer for a stream that is not there.
func streamNotFound(key streamKey) error {
	return kinesisapi.ErrResourceNotFoundException.New("Stream %s under account %s not found.", key.name, key.account)
}

// notActive is the answer to what needs a stream at rest.
func notActive(st *streamState) error {
	return kinesisapi.ErrResourceInUseException.New("Stream %s under account %s not ACTIVE, instead in state %s", st.key.name, st.key.account, st.Status)
}

// wantActive refuses a stream that is not ACTIVE.
func wantActive(st *streamState) error {
	if st.Status != active {
		return notActive(st)
	}
	return nil
}

// resolve finds the stream that a request names by name, ARN or both. The
// strings may alias the request.
func (s *Service) resolve(ctx context.Context, name, arn api.Opt[string]) (*stream, *streamState, error) {
	key, err := streamOf(ctx, name, arn)
	if err != nil {
		return nil, nil, err
	}
	return s.resolveKey(ctx, key)
}

// resolveKey finds a stream. What it returns does not alias the key.
func (s *Service) resolveKey(ctx context.Context, key streamKey) (*stream, *streamState, error) {
	s.mu.Lock()
	known := s.streams[key] != nil
	s.mu.Unlock()
	if !known {
		key.name = strings.Clone(key.name)
		key.region = strings.Clone(key.region)
		key.account = strings.Clone(key.account)
	}
	h, st, err := s.stream(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	if st == nil {
		return nil, nil, streamNotFound(key)
	}
	return h, st, nil
}

// streamOf returns the key that a request's name and ARN mean.
func streamOf(ctx context.Context, name, arn api.Opt[string]) (streamKey, error) {
	call := api.CallOf(ctx)
	if !arn.Set {
		if !name.Set {
			return streamKey{}, api.ErrValidation.New("1 validation error detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null")
		}
		return streamKey{call.Account, call.Region, name.V}, nil
	}
	key, ok := parseStreamARN(arn.V)
	if !ok {
		return streamKey{}, badARN(arn.V)
	}
	if name.Set && name.V != key.name {
		return streamKey{}, kinesisapi.ErrInvalidArgumentException.New("StreamARN and StreamName do not match.")
	}
	return key, checkReach(call, key, arn.V)
}

func badARN(arn string) error {
	return kinesisapi.ErrInvalidArgumentException.New("Invalid ARN: %s", arn)
}

// checkReach refuses a resource of another account, and one of another region,
// which this region's endpoint does not know.
func checkReach(call *api.Call, key streamKey, arn string) error {
	if err := checkAccount(call, key.account, arn); err != nil {
		return err
	}
	if key.region != call.Region {
		return streamNotFound(key)
	}
	return nil
}

// checkAccount refuses a resource of another account.
func checkAccount(call *api.Call, account, arn string) error {
	if account == call.Account {
		return nil
	}
	return kinesisapi.ErrAccessDeniedException.New("User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action",
		call.Principal.ARN, call.Operation.Action, arn, call.Operation.Action)
}

// parseStreamARN reads arn:aws:kinesis:<region>:<account>:stream/<name>. The
// model's pattern has been checked; it admits more than names.
func parseStreamARN(arn string) (streamKey, bool) {
	key, rest, ok := splitARN(arn)
	if !ok || !strings.HasPrefix(rest, "stream/") {
		return key, false
	}
	key.name = rest[len("stream/"):]
	return key, validName(key.name)
}

// splitARN returns account and region of a Kinesis ARN, and what follows them.
func splitARN(s string) (key streamKey, rest string, ok bool) {
	a, ok := arn.Parse(s)
	if !ok || a.Service != "kinesis" || len(a.Account) != 12 {
		return key, "", false
	}
	return streamKey{region: a.Region, account: a.Account}, a.Resource, true
}

// validName reports whether a name has the form of streams' and consumers' names
// (model shape StreamName).
func validName(name string) bool {
	if name == "" || len(name) > 128 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-') {
			return false
		}
	}
	return true
}

// dryRun is the answer to a request that passed every check but was not to act.
func dryRun(flag api.Opt[bool]) error {
	if flag.V {
		return kinesisapi.ErrDryRunOperationException.New("Request would have succeeded, but DryRun flag is set.")
	}
	return nil
}
