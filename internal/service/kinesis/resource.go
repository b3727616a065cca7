package kinesis

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// resource is a stream, a consumer or a queue, as the operations on tags and
// policies name it by its ARN.
type resource interface {
	// read returns what is attached to the resource.
	read(ctx context.Context) (attachments, error)
	// change replaces what is attached to the resource by what edit makes of it.
	// edit must not change the map that it is given.
	change(ctx context.Context, edit func(a attachments) (attachments, error)) error
}

// attachments are what is attached to a resource.
type attachments struct {
	Tags   map[string]string
	Policy string
	// What stands against changing them now; nil for nothing.
	keepTags, keepPolicy error
}

// resolveResource finds the resource that an ARN names.
func (s *Service) resolveResource(ctx context.Context, arn string) (resource, error) {
	if _, queue := parseQueueARN(arn); queue {
		return s.resolveQueue(ctx, arn)
	}
	if strings.Contains(arn, "/consumer/") {
		h, _, c, err := s.resolveConsumer(ctx, arn)
		if err != nil {
			return nil, err
		}
		return &streamResource{h: h, consumer: c.Name, made: c.CreatedAt.Unix()}, nil
	}
	h, _, err := s.resolve(ctx, api.Opt[string]{}, api.Some(arn))
	if err != nil {
		return nil, err
	}
	return &streamResource{h: h}, nil
}

// streamResource is a stream or a consumer.
type streamResource struct {
	h        *stream
	consumer string // its name; empty for the stream itself
	made     int64  // the consumer's creation second
}

// attached returns what is attached to the resource in a state of its stream.
func (r *streamResource) attached(st *streamState) (attachments, error) {
	a := attachments{Tags: st.Tags, Policy: st.Policy, keepPolicy: wantActive(st)}
	if r.consumer != "" {
		c := st.consumer(r.consumer)
		if c == nil || c.CreatedAt.Unix() != r.made {
			return a, consumerNotFound(st, r.consumer)
		}
		a = attachments{Tags: c.Tags, Policy: c.Policy, keepPolicy: consumerActive(st, c)}
	}
	if st.Status == creating {
		a.keepTags = notActive(st)
	}
	return a, nil
}

// consumerActive refuses a consumer that is not ACTIVE. AWS's words were reported
// (aws-cloudformation/cloudformation-coverage-roadmap issue 2442).
func consumerActive(st *streamState, c *consumer) error {
	if c.Status == active {
		return nil
	}
	return kinesisapi.ErrResourceInUseException.New("Consumer %s with creation timestamp %d under stream %s and account %s is not in ACTIVE status.", c.Name, c.CreatedAt.Unix(), st.key.name, st.key.account)
}

func (r *streamResource) read(ctx context.Context) (attachments, error) {
	st, err := r.h.load(ctx)
	if err != nil {
		return attachments{}, err
	}
	if st == nil {
		return attachments{}, streamNotFound(r.h.key)
	}
	return r.attached(st)
}

func (r *streamResource) change(ctx context.Context, edit func(a attachments) (attachments, error)) error {
	return r.h.update(ctx, func(tx store.Tx, st *streamState) error {
		a, err := r.attached(st)
		if err != nil {
			return err
		}
		if a, err = edit(a); err != nil {
			return err
		}
		if r.consumer == "" {
			d := st.description
			d.Tags, d.Policy = a.Tags, a.Policy
			tx.Set(descriptionKey, row.Encode(d))
			return nil
		}
		c := *st.consumer(r.consumer)
		c.Tags, c.Policy = a.Tags, a.Policy
		tx.Set(consumerKey(c.Name), row.Encode(c))
		return nil
	})
}
