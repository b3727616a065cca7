package kinesis

import (
	"context"
	"slices"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// listQueuesDefault is the page of ListQueues, a guess.
const listQueuesDefault = 100

// ListQueues lists the account's queues in the region by name, in all states: all
// of them, or those of certain streams.
func (s *Service) ListQueues(ctx context.Context, in *kinesisapi.ListQueuesInput, out *kinesisapi.ListQueuesOutput) error {
	call := api.CallOf(ctx)
	after := ""
	if in.NextToken.Set {
		p, err := s.openPage(ctx, "ListQueues", in.NextToken.V)
		if err != nil {
			return err
		}
		after = p.after
	}
	reg := s.queueRegistry(call.Account, call.Region)
	all, err := reg.list(ctx)
	if err != nil {
		return err
	}
	limit := int(in.MaxResults.Or(listQueuesDefault))
	out.QueueSummaries = []kinesisapi.QueueSummary{}
	for _, e := range all {
		if e.Name <= after {
			continue
		}
		d, err := s.describeEntry(ctx, reg.key(e), e)
		if err != nil {
			return err
		}
		of, err := s.queueStream(ctx, d.streamKey(reg.key(e)))
		if err != nil {
			return err
		}
		if len(in.StreamFilter) > 0 && !slices.ContainsFunc(in.StreamFilter, func(f kinesisapi.QueueStreamFilter) bool { return selectsStream(f, of) }) {
			continue
		}
		if n := len(out.QueueSummaries); n == limit {
			token, err := s.sealPage(page{op: "ListQueues", key: streamKey{account: call.Account, region: call.Region}, after: out.QueueSummaries[n-1].QueueName.V})
			out.NextToken = api.Some(token)
			return err
		}
		out.QueueSummaries = append(out.QueueSummaries, kinesisapi.QueueSummary{
			QueueName:              api.Some(d.Name),
			QueueARN:               api.Some(reg.key(e).arn()),
			QueueStatus:            api.Some(d.Status),
			QueueCreationTimestamp: api.Some(d.CreatedAt),
			Streams:                []kinesisapi.QueueStreamIdentifier{of},
		})
	}
	return nil
}

// queueStream names the stream of a queue.
func (s *Service) queueStream(ctx context.Context, key streamKey) (kinesisapi.QueueStreamIdentifier, error) {
	of := kinesisapi.QueueStreamIdentifier{StreamARN: api.Some(key.arn())}
	_, st, err := s.stream(ctx, key)
	if st != nil {
		of.StreamCreationTimestamp = api.Some(st.CreatedAt)
	}
	return of, err
}

// selectsStream reports whether a filter means a stream. Its time is of whole
// seconds, as clients may send it.
func selectsStream(f kinesisapi.QueueStreamFilter, of kinesisapi.QueueStreamIdentifier) bool {
	return f.StreamARN.V == of.StreamARN.V &&
		(!f.StreamCreationTimestamp.Set || f.StreamCreationTimestamp.V.Unix() == of.StreamCreationTimestamp.V.Unix())
}
