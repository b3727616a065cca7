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
	_, failed, err := s.settleInQueue(ctx, in.QueueARN.V, true, handles, func(tx store.Tx, h *heldRecord, _ int, now int64) {
		h.restore(tx, now)
	})
	if err != nil {
		return err
	}
	answerEach(handles, failed, &out.Successful, &out.Failed)
	return nil
}
