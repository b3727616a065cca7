package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// AcknowledgeQueueRecords settles up to 10 records: the queue does not deliver them
// again. A receipt whose lease has ended still does so, as long as nobody received
// the record since.
func (s *Service) AcknowledgeQueueRecords(ctx context.Context, in *kinesisapi.AcknowledgeQueueRecordsInput, out *kinesisapi.AcknowledgeQueueRecordsOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.AcknowledgeQueueRecordsRequestEntry) api.Opt[string] { return e.ReceiptHandle })
	q, failed, err := s.settleInQueue(ctx, in.QueueARN.V, false, handles, func(tx store.Tx, h *heldRecord, _ int, _ int64) {
		h.acknowledge(tx)
	})
	if err != nil {
		return err
	}
	answerEach(handles, failed, &out.Successful, &out.Failed)
	s.o.Metrics.QueueAcknowledged(q.key.account, q.key.region, q.name, len(out.Successful))
	return nil
}
