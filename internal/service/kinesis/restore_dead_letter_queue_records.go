package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// RestoreDeadLetterQueueRecords makes up to 10 dead letters records of the queue
// again, as if they had never been received.
func (s *Service) RestoreDeadLetterQueueRecords(ctx context.Context, in *kinesisapi.RestoreDeadLetterQueueRecordsInput, out *kinesisapi.RestoreDeadLetterQueueRecordsOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.RestoreDeadLetterQueueRecordsRequestEntry) api.Opt[string] { return e.ReceiptHandle })
	_, err := settleEach(ctx, s, in.QueueARN.V, true, handles, &out.Successful, &out.Failed, func(tx store.Tx, h *heldRecord, _ int, now int64) {
		h.restore(tx, now)
	})
	return err
}
