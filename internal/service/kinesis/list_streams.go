package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

const (
	listStreamsDefault = 100    // reference kinesis-streams §3
	listStreamsMax     = 10_000 // model shape ListStreamsInputLimit
)

// ListStreams lists the account's streams in the region by name, in all states.
func (s *Service) ListStreams(ctx context.Context, in *kinesisapi.ListStreamsInput, out *kinesisapi.ListStreamsOutput) error {
	call := api.CallOf(ctx)
	after := in.ExclusiveStartStreamName.V
	if in.NextToken.Set {
		p, err := s.openPage(ctx, "ListStreams", in.NextToken.V)
		if err != nil {
			return err
		}
		after = p.after
	}
	rows, err := s.registry(call.Account, call.Region).list(ctx)
	if err != nil {
		return err
	}
	limit := min(int(in.Limit.Or(listStreamsDefault)), listStreamsMax)
	out.StreamNames, out.StreamSummaries = []string{}, []kinesisapi.StreamSummary{}
	out.HasMoreStreams = api.Some(false)
	for _, entry := range rows {
		if entry.Name <= after {
			continue
		}
		if len(out.StreamNames) == limit {
			out.HasMoreStreams = api.Some(true)
			token, err := s.sealPage(page{op: "ListStreams", key: streamKey{account: call.Account, region: call.Region}, after: out.StreamNames[limit-1]})
			out.NextToken = api.Some(token)
			return err
		}
		key := streamKey{call.Account, call.Region, entry.Name}
		_, st, err := s.stream(ctx, key)
		if err != nil {
			return err
		}
		if st == nil {
			if entry.Deleting {
				continue // all that is left is its row
			}
			st = &streamState{key: key, description: entry.Initial} // its name is reserved, its rows follow
		}
		out.StreamNames = append(out.StreamNames, entry.Name)
		out.StreamSummaries = append(out.StreamSummaries, kinesisapi.StreamSummary{
			StreamName:              api.Some(entry.Name),
			StreamARN:               api.Some(key.arn()),
			StreamStatus:            api.Some(st.Status),
			StreamModeDetails:       st.modeDetails(),
			StreamCreationTimestamp: api.Some(st.CreatedAt),
		})
	}
	return nil
}
