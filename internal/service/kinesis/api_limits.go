package kinesis

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// callRate is how many calls of an operation AWS takes in a second, from an
// account in a region or for each stream.
type callRate struct {
	perSecond float64
	perStream bool
}

// callRates are AWS's own limits (reference kinesis-streams §4). An operation
// without a rate is limited by its shards alone. Where the reference has none, the
// 5 per second of its kin stand.
var callRates = map[string]callRate{
	"AddTagsToStream":                        {5, false},
	"CreateQueue":                            {5, false},
	"CreateStream":                           {5, false},
	"DecreaseStreamRetentionPeriod":          {5, false},
	"DeleteQueue":                            {5, false},
	"DeleteResourcePolicy":                   {5, false},
	"DeleteStream":                           {5, false},
	"DeregisterStreamConsumer":               {5, true},
	"DescribeAccountSettings":                {5, false},
	"DescribeLimits":                         {1, false},
	"DescribeQueue":                          {5, false},
	"DescribeStream":                         {10, false},
	"DescribeStreamConsumer":                 {20, true},
	"DescribeStreamSummary":                  {20, false},
	"DisableEnhancedMonitoring":              {5, false},
	"EnableEnhancedMonitoring":               {5, false},
	"GetResourcePolicy":                      {5, false},
	"IncreaseStreamRetentionPeriod":          {5, false},
	"ListQueues":                             {5, false},
	"ListShards":                             {1000, true},
	"ListStreamConsumers":                    {5, true},
	"ListStreams":                            {5, false},
	"ListTagsForResource":                    {5, false},
	"ListTagsForStream":                      {5, false},
	"MergeShards":                            {5, false},
	"PutResourcePolicy":                      {5, false},
	"RegisterStreamConsumer":                 {5, false},
	"RemoveTagsFromStream":                   {5, false},
	"SplitShard":                             {5, false},
	"StartStreamEncryption":                  {5, false},
	"StopStreamEncryption":                   {5, false},
	"TagResource":                            {5, false},
	"UntagResource":                          {5, false},
	"UpdateAccountSettings":                  {5, false},
	"UpdateMaxRecordSize":                    {5, false},
	"UpdateQueue":                            {5, false},
	"UpdateShardCount":                       {10, false},
	"UpdateStreamMode":                       {5, false},
	"UpdateStreamRecordDistributionStrategy": {5, false},
	"UpdateStreamWarmThroughput":             {5, false},
}

// Handlers returns the service's operations, behind AWS's rates of calls where
// Options.APILimits asks for them.
func (s *Service) Handlers() []api.Handler {
	handlers := kinesisapi.Bind(s)
	if !s.o.APILimits {
		return handlers
	}
	limiter := &callLimiter{buckets: make(map[callKey]*bucket)}
	for i := range handlers {
		h := &handlers[i]
		rate, limited := callRates[h.Name]
		if call := h.Call; limited && call != nil {
			h.Call = func(ctx context.Context, in, out api.Struct) error {
				if err := limiter.admit(api.CallOf(ctx), rate, in, s.o.Clock.Now()); err != nil {
					return err
				}
				return call(ctx, in, out)
			}
		}
	}
	return handlers
}

// maxCallBuckets bounds the memory of a callLimiter.
const maxCallBuckets = 10_000

// callLimiter counts calls. It is safe for concurrent use.
type callLimiter struct {
	mu      sync.Mutex
	buckets map[callKey]*bucket
}

type callKey struct{ operation, account, region, stream string }

// admit takes one call of its bucket, or refuses it.
func (l *callLimiter) admit(call *api.Call, rate callRate, in api.Struct, now time.Time) error {
	name := streamNameIn(in)
	key := callKey{operation: call.Operation.Name, account: call.Account, region: call.Region}
	if rate.perStream {
		key.stream = strings.Clone(name)
	}
	l.mu.Lock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxCallBuckets {
			clear(l.buckets) // what they had left of one second is forgotten
		}
		fresh := newBucket(rate.perSecond)
		b = &fresh
		l.buckets[key] = b
	}
	l.mu.Unlock()
	switch {
	case b.take(now, 1):
		return nil
	case name == "":
		return kinesisapi.ErrLimitExceededException.New("Rate exceeded for account %s.", call.Account)
	}
	return kinesisapi.ErrLimitExceededException.New("Rate exceeded for stream %s under account %s.", name, call.Account)
}

// streamNameIn returns the name of the stream that an input tells, by name or in
// an ARN; empty where it tells none.
func streamNameIn(in api.Struct) string {
	for i, m := range in.Schema().Members {
		v, ok := in.Member(i).(*api.Opt[string])
		if !ok || !v.Set {
			continue
		}
		switch m.Name {
		case "StreamName":
			return v.V
		case "StreamARN", "ConsumerARN", "ResourceARN":
			_, rest, _ := splitARN(v.V)
			name, _, _ := strings.Cut(strings.TrimPrefix(rest, "stream/"), "/")
			return name
		}
	}
	return ""
}
