package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// UpdateDeadLetterQueueRecordsVisibility changes when up to 10 dead letters can be
// received again.
func (s *Service) UpdateDeadLetterQueueRecordsVisibility(ctx context.Context, in *kinesisapi.UpdateDeadLetterQueueRecordsVisibilityInput, out *kinesisapi.UpdateDeadLetterQueueRecordsVisibilityOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.UpdateDeadLetterQueueRecordsVisibilityRequestEntry) api.Opt[string] {
		return e.ReceiptHandle
	})
	_, err := settleEach(ctx, s, in.QueueARN.V, true, handles, &out.Successful, &out.Failed, func(tx store.Tx, h *heldRecord, i int, now int64) {
		h.show(tx, now+1000*int64(in.Entries[i].VisibilityTimeoutSeconds.V))
	})
	return err
}
