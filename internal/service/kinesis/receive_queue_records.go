package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// ReceiveQueueRecords leases up to 10 records of a queue to the caller, and waits
// where there are none.
func (s *Service) ReceiveQueueRecords(ctx context.Context, in *kinesisapi.ReceiveQueueRecordsInput, out *kinesisapi.ReceiveQueueRecordsOutput) (err error) {
	out.QueueRecords, err = s.receiveFromQueue(ctx, in.QueueARN.V, askedOfQueue{false, in.Limit, in.WaitTimeSeconds, in.VisibilityTimeoutSeconds})
	return err
}
