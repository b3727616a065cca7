package kinesis

import (
	"context"
	"sync"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// takeoverAfter is how long a subscription keeps its place against a second one
// of the same consumer and shard (reference kinesis-streams §6).
const takeoverAfter = 5 * time.Second

// subscriptions are the live subscriptions of a stream: at most one for each
// consumer and shard. The zero value has none.
type subscriptions struct {
	mu   sync.Mutex
	live map[subscriptionKey]*subscription
}

type subscriptionKey struct {
	consumer string
	made     int64 // when the consumer was registered, Unix seconds
	shard    uint32
}

type subscription struct {
	key    subscriptionKey
	since  time.Time
	ctx    context.Context // ends with the request, or when another takes over
	cancel context.CancelCauseFunc
}

// begin takes the place of the consumer at the shard. A subscription that holds
// it for long enough ends with ResourceInUseException; a younger one stays, and
// the caller gets that error.
func (s *subscriptions) begin(ctx context.Context, key subscriptionKey, now time.Time) (*subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.live[key]; old != nil {
		if age := now.Sub(old.since); age >= 0 && age < takeoverAfter {
			return nil, kinesisapi.ErrResourceInUseException.New("Another active subscription exists for this consumer: %s", key.consumer)
		}
		old.cancel(kinesisapi.ErrResourceInUseException.New("Another subscription has taken over for this consumer: %s", key.consumer))
	}
	sub := &subscription{key: key, since: now}
	sub.ctx, sub.cancel = context.WithCancelCause(ctx)
	if s.live == nil {
		s.live = make(map[subscriptionKey]*subscription)
	}
	s.live[key] = sub
	return sub, nil
}

// end gives the place back.
func (s *subscriptions) end(sub *subscription) {
	sub.cancel(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[sub.key] == sub {
		delete(s.live, sub.key)
	}
}
