package kinesis

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func (h *harness) tryRegister(stream, name string) (*kinesisapi.Consumer, error) {
	out := new(kinesisapi.RegisterStreamConsumerOutput)
	err := h.RegisterStreamConsumer(h.call(kinesisapi.OpRegisterStreamConsumer), &kinesisapi.RegisterStreamConsumerInput{StreamARN: api.Some(streamARN(stream)), ConsumerName: api.Some(name)}, out)
	return out.Consumer, err
}

func (h *harness) describeConsumer(arn string) (*kinesisapi.ConsumerDescription, error) {
	out := new(kinesisapi.DescribeStreamConsumerOutput)
	err := h.DescribeStreamConsumer(h.call(kinesisapi.OpDescribeStreamConsumer), &kinesisapi.DescribeStreamConsumerInput{ConsumerARN: api.Some(arn)}, out)
	return out.ConsumerDescription, err
}

func TestAConsumerThatComesAgainIsAnother(t *testing.T) {
	h := newHarness(t, func(o *Options) { o.TransitionDelay = time.Millisecond })
	h.create("s", 1)
	first, err := h.tryRegister("s", "c")
	h.must(err)
	_, err = h.tryRegister("s", "c")
	h.wantCode(err, "ResourceInUseException")
	h.settle("s")
	d, err := h.describeConsumer(first.ConsumerARN.V)
	h.must(err)
	if d.ConsumerStatus.V != active || d.StreamARN.V != streamARN("s") {
		t.Errorf("%+v", d)
	}
	h.must(h.DeregisterStreamConsumer(h.call(kinesisapi.OpDeregisterStreamConsumer), &kinesisapi.DeregisterStreamConsumerInput{StreamARN: api.Some(streamARN("s")), ConsumerName: api.Some("c")}))
	h.settle("s")
	_, err = h.describeConsumer(first.ConsumerARN.V)
	h.wantCode(err, "ResourceNotFoundException")
	second, err := h.tryRegister("s", "c")
	h.must(err)
	if second.ConsumerARN.V == first.ConsumerARN.V {
		t.Errorf("both have the ARN %s", first.ConsumerARN.V)
	}
}

func TestConsumersAreLimitedAndListed(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	for i := range maxConsumers {
		_, err := h.tryRegister("s", fmt.Sprintf("c%02d", i))
		h.must(err)
		if i == maxConsumersCreating-1 {
			_, err := h.tryRegister("s", "more")
			h.wantCode(err, "LimitExceededException")
		}
		if i%maxConsumersCreating == maxConsumersCreating-1 {
			h.settle("s")
		}
	}
	_, err := h.tryRegister("s", "more")
	h.wantCode(err, "LimitExceededException")
	in := &kinesisapi.ListStreamConsumersInput{StreamARN: api.Some(streamARN("s")), MaxResults: api.Some(int32(8))}
	n := 0
	for pages := 1; ; pages++ {
		out := new(kinesisapi.ListStreamConsumersOutput)
		h.must(h.ListStreamConsumers(h.call(kinesisapi.OpListStreamConsumers), in, out))
		n += len(out.Consumers)
		if in.NextToken = out.NextToken; !in.NextToken.Set {
			if pages != 3 || n != maxConsumers {
				t.Errorf("%d consumers on %d pages", n, pages)
			}
			break
		}
	}
	in = &kinesisapi.ListStreamConsumersInput{StreamARN: in.StreamARN, StreamCreationTimestamp: api.Some(h.clock.Now().Add(-time.Hour))}
	h.wantCode(h.ListStreamConsumers(h.call(kinesisapi.OpListStreamConsumers), in, new(kinesisapi.ListStreamConsumersOutput)), "ResourceNotFoundException")
}

func TestConsumerARN(t *testing.T) {
	for arn, want := range map[string]bool{
		"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1790000000":  true,
		"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c":             false,
		"arn:aws:kinesis:us-east-1:000000000000:stream/s":                        false,
		"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/:1790000000":   false,
		"arn:aws:kinesis:us-east-1:000000000000:stream/s/x/consumer/c:179000000": false,
	} {
		if _, _, _, ok := parseConsumerARN(arn); ok != want {
			t.Errorf("%s: %v", arn, ok)
		}
	}
}
