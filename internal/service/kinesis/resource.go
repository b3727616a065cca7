package kinesis

import (
	"context"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// resource is a stream or a consumer, as the operations on tags and policies
// name it by its ARN.
type resource struct {
	h        *stream
	arn      string
	consumer string // its name; empty for the stream itself
	made     int64  // the consumer's creation second
}

// attachments are what is attached to a resource.
type attachments struct {
	Tags   map[string]string
	Policy string
}

// resolveResource finds the resource that an ARN names.
func (s *Service) resolveResource(ctx context.Context, arn string) (*resource, error) {
	if strings.Contains(arn, "/consumer/") {
		h, _, c, err := s.resolveConsumer(ctx, arn)
		if err != nil {
			return nil, err
		}
		return &resource{h: h, arn: arn, consumer: c.Name, made: c.CreatedAt.Unix()}, nil
	}
	h, _, err := s.resolve(ctx, api.Opt[string]{}, api.Some(arn))
	if err != nil {
		return nil, err
	}
	return &resource{h: h, arn: arn}, nil
}

// attached returns what is attached to the resource in a state of its stream.
func (r *resource) attached(st *streamState) (attachments, error) {
	if r.consumer == "" {
		return attachments{st.Tags, st.Policy}, nil
	}
	c := st.consumer(r.consumer)
	if c == nil || c.CreatedAt.Unix() != r.made {
		return attachments{}, consumerNotFound(st, r.consumer)
	}
	return attachments{c.Tags, c.Policy}, nil
}

// read returns what is attached to the resource.
func (r *resource) read(ctx context.Context) (attachments, error) {
	st, err := r.h.load(ctx)
	if err != nil {
		return attachments{}, err
	}
	if st == nil {
		return attachments{}, streamNotFound(r.h.key)
	}
	return r.attached(st)
}

// change replaces what is attached to the resource by what edit makes of it.
// edit must not change the maps that it is given.
func (r *resource) change(ctx context.Context, edit func(st *streamState, a attachments) (attachments, error)) error {
	return r.h.update(ctx, func(tx store.Tx, st *streamState) error {
		a, err := r.attached(st)
		if err != nil {
			return err
		}
		if a, err = edit(st, a); err != nil {
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
