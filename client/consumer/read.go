package consumer

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// page is what one answer holds.
type page struct {
	records  []types.Record
	next     Position // where to go on; not valid where ended
	behind   time.Duration
	ended    bool
	children []Shard
}

// reader reads a shard from a position and hands its pages over, until the shard
// ends, which its last page says, or until something else ends the reading: then
// it returns why, or nil where there is no reason to wait before going on.
type reader func(ctx context.Context, shard string, from Position, each func(page) error) error

// handleError is what Handle returned.
type handleError struct{ error }

func (e handleError) Unwrap() error { return e.error }

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// follow reads a shard to its end and returns its children.
func (f *Follower) follow(ctx context.Context, s Shard) ([]Shard, error) {
	f.mu.Lock()
	at := f.lineage.state[s.ID].Position
	f.mu.Unlock()
	ended, pause := false, firstPause
	var children []Shard
	for {
		err := f.read(ctx, s.ID, at, func(p page) error {
			b := Batch{Shard: s, Records: p.records, Behind: p.behind, Ended: p.ended, Children: p.children}
			if err := f.o.Handle(ctx, &b); err != nil {
				return handleError{err}
			}
			pause = firstPause
			if p.ended {
				ended, children = true, p.children
				return nil
			}
			at = p.next
			f.mu.Lock()
			f.lineage.advance(s.ID, at)
			f.mu.Unlock()
			return nil
		})
		var handled handleError
		switch {
		case errors.As(err, &handled):
			return nil, handled.error
		case ended: // also where ctx has ended since: the state is to say so
			return children, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err == nil:
			continue
		case isCode(err, "ResourceNotFoundException"):
			// The shard has expired; or the stream or the consumer is gone.
			return f.descendants(ctx, s.ID, err)
		case !passing(err):
			return nil, err
		}
		if f.o.Retry != nil {
			f.o.Retry(s.ID, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		pause = min(2*pause, maxPause)
	}
}

func isCode(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}

// passing reports whether the same may succeed later.
func passing(err error) bool {
	var api smithy.APIError
	var response *awshttp.ResponseError
	switch {
	case isCode(err, "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException", "ThrottlingException",
		"ResourceInUseException", "ExpiredIteratorException", "ExpiredNextTokenException", "RequestTimeout", "RequestTimeoutException"):
		return true
	case errors.As(err, &response):
		return response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == 429
	case errors.As(err, &api):
		return api.ErrorFault() == smithy.FaultServer
	}
	var send *smithyhttp.RequestSendError
	var answer *smithy.DeserializationError
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &send), errors.As(err, &answer):
		return true // the connection broke, or there was none
	case errors.As(err, &operation):
		return false // it could not be signed or written down, and will not be the next time
	}
	return true // of a stream of events that broke off
}
