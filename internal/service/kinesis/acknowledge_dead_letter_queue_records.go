package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// AcknowledgeDeadLetterQueueRecords settles up to 10 dead letters: the queue forgets
// them.
func (s *Service) AcknowledgeDeadLetterQueueRecords(ctx context.Context, in *kinesisapi.AcknowledgeDeadLetterQueueRecordsInput, out *kinesisapi.AcknowledgeDeadLetterQueueRecordsOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.AcknowledgeDeadLetterQueueRecordsRequestEntry) api.Opt[string] {
		return e.ReceiptHandle
	})
	q, failed, err := s.settleInQueue(ctx, in.QueueARN.V, true, handles, func(tx store.Tx, h *heldRecord, _ int, _ int64) {
		h.acknowledge(tx)
	})
	if err != nil {
		return err
	}
	answerEach(handles, failed, &out.Successful, &out.Failed)
	s.o.Metrics.QueueAcknowledged(q.key.account, q.key.region, q.name, len(out.Successful))
	return nil
}
