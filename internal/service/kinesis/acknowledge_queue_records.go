package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// AcknowledgeQueueRecords settles up to 10 records: the queue does not deliver them
// again. A receipt whose lease has ended still does so, as long as nobody received
// the record since.
func (s *Service) AcknowledgeQueueRecords(ctx context.Context, in *kinesisapi.AcknowledgeQueueRecordsInput, out *kinesisapi.AcknowledgeQueueRecordsOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.AcknowledgeQueueRecordsRequestEntry) api.Opt[string] { return e.ReceiptHandle })
	return acknowledgeEach(ctx, s, in.QueueARN.V, false, handles, &out.Successful, &out.Failed)
}
