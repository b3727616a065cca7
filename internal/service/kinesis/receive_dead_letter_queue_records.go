package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// ReceiveDeadLetterQueueRecords leases up to 10 dead letters of a queue to the
// caller, and waits where there are none.
func (s *Service) ReceiveDeadLetterQueueRecords(ctx context.Context, in *kinesisapi.ReceiveDeadLetterQueueRecordsInput, out *kinesisapi.ReceiveDeadLetterQueueRecordsOutput) (err error) {
	out.QueueRecords, err = s.receiveFromQueue(ctx, in.QueueARN.V, askedOfQueue{true, in.Limit, in.WaitTimeSeconds, in.VisibilityTimeoutSeconds})
	return err
}
