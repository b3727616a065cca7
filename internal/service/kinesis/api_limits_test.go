package kinesis

import (
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func TestRatesOfCalls(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.APILimits = true })
	h.create("s", 1)
	h.create("other", 1)
	call := map[string]api.Handler{}
	for _, handler := range h.Handlers() {
		call[handler.Name] = handler
	}
	for name := range callRates {
		if call[name].Call == nil {
			t.Errorf("%s has a rate and no method", name)
		}
	}
	list := func(stream string) error {
		op := kinesisapi.OpListStreamConsumers
		return call[op.Name].Call(h.call(op), &kinesisapi.ListStreamConsumersInput{StreamARN: api.Some(streamARN(stream))}, new(kinesisapi.ListStreamConsumersOutput))
	}
	for range 5 {
		h.must(list("s"))
	}
	h.wantCode(list("s"), "LimitExceededException")
	h.must(list("other"))
	h.clock.Advance(time.Second)
	h.must(list("s"))

	limits := func(region string) error {
		op := kinesisapi.OpDescribeLimits
		return call[op.Name].Call(h.callAs(op, testAccount, region), new(kinesisapi.DescribeLimitsInput), new(kinesisapi.DescribeLimitsOutput))
	}
	h.must(limits(testRegion))
	h.wantCode(limits(testRegion), "LimitExceededException")
	h.must(limits("eu-west-1"))
}
