package kinesis

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/hash128"
)

// sink is an EventStream that hands its events to a test.
type sink struct {
	opened chan struct{}
	events chan *kinesisapi.SubscribeToShardEvent
}

func (s *sink) Open() error { close(s.opened); return nil }

func (s *sink) Send(name string, e api.Struct) error {
	event := *e.(*kinesisapi.SubscribeToShardEvent)
	for i := range event.Records { // they alias a page that is used again
		event.Records[i].Data = slices.Clone(event.Records[i].Data)
	}
	s.events <- &event
	return nil
}

// live is a subscription under way.
type live struct {
	*sink
	t    *testing.T
	end  chan error
	stop context.CancelFunc
}

// subscribe starts a subscription and waits until it is open or has failed.
func (h *harness) subscribe(consumerARN, shard string, at kinesisapi.StartingPosition) (*live, error) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.call(kinesisapi.OpSubscribeToShard))
	h.t.Cleanup(cancel)
	l := &live{&sink{make(chan struct{}), make(chan *kinesisapi.SubscribeToShardEvent, 100)}, h.t, make(chan error, 1), cancel}
	go func() {
		l.end <- h.SubscribeToShard(ctx, &kinesisapi.SubscribeToShardInput{ConsumerARN: api.Some(consumerARN), ShardId: api.Some(shard), StartingPosition: &at}, l.sink)
	}()
	select {
	case <-l.opened:
		return l, nil
	case err := <-l.end:
		return nil, err
	}
}

// next returns the next event.
func (l *live) next() *kinesisapi.SubscribeToShardEvent {
	l.t.Helper()
	select {
	case e := <-l.events:
		return e
	case err := <-l.end:
		l.end <- err // for over
		select {
		case e := <-l.events: // the last event and the end were both there
			return e
		default:
			l.t.Fatalf("the subscription ended: %v", err)
		}
	case <-time.After(10 * time.Second):
		l.t.Fatal("no event")
	}
	return nil
}

// over returns how the subscription ended.
func (l *live) over() error {
	l.t.Helper()
	select {
	case err := <-l.end:
		return err
	case <-time.After(10 * time.Second):
		l.t.Fatal("the subscription goes on")
	}
	return nil
}

// consumer registers a consumer and waits until it is ACTIVE.
func (h *harness) consumer(stream, name string) string {
	h.t.Helper()
	out := new(kinesisapi.RegisterStreamConsumerOutput)
	h.must(h.RegisterStreamConsumer(h.call(kinesisapi.OpRegisterStreamConsumer), &kinesisapi.RegisterStreamConsumerInput{
		StreamARN: api.Some(streamKey{testAccount, testRegion, stream}.arn()), ConsumerName: api.Some(name),
	}, out))
	h.settle(stream)
	return out.Consumer.ConsumerARN.V
}

var (
	fromHorizon = kinesisapi.StartingPosition{Type: api.Some("TRIM_HORIZON")}
	fromLatest  = kinesisapi.StartingPosition{Type: api.Some("LATEST")}
)

func TestSubscriptionPushesWhatIsPut(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	arn := h.consumer("s", "c")
	h.put("s", [2]string{"a", "1"})
	l, err := h.subscribe(arn, "0", fromHorizon)
	h.must(err)
	first := l.next()
	if got := data(first.Records); !slices.Equal(got, []string{"1"}) {
		t.Fatalf("the first event has %q", got)
	}
	h.put("s", [2]string{"a", "2"}, [2]string{"b", "3"})
	second := l.next()
	if got := data(second.Records); !slices.Equal(got, []string{"2", "3"}) || second.MillisBehindLatest.V != 0 {
		t.Fatalf("the second event has %q, %d ms behind", got, second.MillisBehindLatest.V)
	}
	l.stop()
	h.must(l.over())

	// The continuation neither loses nor repeats, be it AT or AFTER.
	h.put("s", [2]string{"a", "4"})
	h.clock.Advance(takeoverAfter)
	for _, kind := range []string{"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"} {
		l, err := h.subscribe(arn, "0", kinesisapi.StartingPosition{Type: api.Some(kind), SequenceNumber: second.ContinuationSequenceNumber})
		h.must(err)
		if got := data(l.next().Records); !slices.Equal(got, []string{"4"}) {
			t.Errorf("%s the continuation: %q", kind, got)
		}
		l.stop()
		h.must(l.over())
	}
}

func TestSubscriptionIsNeverSilentAndEnds(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	l, err := h.subscribe(h.consumer("s", "c"), "0", fromLatest)
	h.must(err)
	begin := h.clock.Now()
	numbers := map[string]bool{l.next().ContinuationSequenceNumber.V: true}
	for {
		h.waitTimers(3) // trimming, scaling and the subscription's own
		h.clock.Advance(heartbeat)
		select {
		case e := <-l.events:
			if len(e.Records) != 0 || !e.ContinuationSequenceNumber.Set {
				t.Fatalf("an idle event: %+v", e)
			}
			numbers[e.ContinuationSequenceNumber.V] = true
			continue
		case err := <-l.end:
			h.must(err)
		case <-time.After(10 * time.Second):
			t.Fatal("neither an event nor the end")
		}
		break
	}
	if lasted := h.clock.Now().Sub(begin); lasted != subscriptionLife {
		t.Errorf("the subscription lasted %v", lasted)
	}
	if len(numbers) < 50 {
		t.Errorf("%d different continuations", len(numbers))
	}
}

func TestOneSubscriptionForConsumerAndShard(t *testing.T) {
	h := newHarness(t)
	h.create("s", 2)
	arn := h.consumer("s", "c")
	first, err := h.subscribe(arn, "0", fromLatest)
	h.must(err)
	other, err := h.subscribe(arn, "1", fromLatest)
	h.must(err)
	h.clock.Advance(takeoverAfter - time.Second)
	_, err = h.subscribe(arn, "0", fromLatest)
	h.wantCode(err, "ResourceInUseException")
	h.clock.Advance(2 * time.Second)
	second, err := h.subscribe(arn, "0", fromLatest)
	h.must(err)
	h.wantCode(first.over(), "ResourceInUseException")
	h.must(h.DeregisterStreamConsumer(h.call(kinesisapi.OpDeregisterStreamConsumer), &kinesisapi.DeregisterStreamConsumerInput{ConsumerARN: api.Some(arn)}))
	h.wantCode(second.over(), "ResourceNotFoundException")
	h.wantCode(other.over(), "ResourceNotFoundException")
}

func TestSubscriptionEndsWithItsShard(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	l, err := h.subscribe(h.consumer("s", "c"), "0", fromHorizon)
	h.must(err)
	l.next()
	h.put("s", [2]string{"a", "1"})
	if got := data(l.next().Records); !slices.Equal(got, []string{"1"}) {
		t.Fatalf("got %q", got)
	}
	h.must(h.split("s", "0", hash128.Bound(1, 2).String()))
	h.settle("s")
	for {
		e := l.next()
		if !e.ContinuationSequenceNumber.Set {
			if len(e.ChildShards) != 2 {
				t.Errorf("the last event names %d children", len(e.ChildShards))
			}
			break
		}
	}
	h.must(l.over())
}

func TestSubscriptionEndsWithItsStream(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	l, err := h.subscribe(h.consumer("s", "c"), "0", fromHorizon)
	h.must(err)
	h.must(h.DeleteStream(h.call(kinesisapi.OpDeleteStream), &kinesisapi.DeleteStreamInput{StreamName: api.Some("s"), EnforceConsumerDeletion: api.Some(true)}))
	h.settle("s")
	err = l.over()
	var e *api.Error
	if !errors.As(err, &e) || e.Shape != kinesisapi.ErrResourceNotFoundException {
		t.Errorf("the subscription ended with %v", err)
	}
}
