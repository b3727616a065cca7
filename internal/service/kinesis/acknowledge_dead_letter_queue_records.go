package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// AcknowledgeDeadLetterQueueRecords settles up to 10 dead letters: the queue forgets
// them.
func (s *Service) AcknowledgeDeadLetterQueueRecords(ctx context.Context, in *kinesisapi.AcknowledgeDeadLetterQueueRecordsInput, out *kinesisapi.AcknowledgeDeadLetterQueueRecordsOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.AcknowledgeDeadLetterQueueRecordsRequestEntry) api.Opt[string] {
		return e.ReceiptHandle
	})
	return acknowledgeEach(ctx, s, in.QueueARN.V, true, handles, &out.Successful, &out.Failed)
}
