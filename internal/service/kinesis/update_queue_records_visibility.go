package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store"
)

// UpdateQueueRecordsVisibility changes when up to 10 records can be received again.
func (s *Service) UpdateQueueRecordsVisibility(ctx context.Context, in *kinesisapi.UpdateQueueRecordsVisibilityInput, out *kinesisapi.UpdateQueueRecordsVisibilityOutput) error {
	handles := handlesOf(in.Entries, func(e *kinesisapi.UpdateQueueRecordsVisibilityRequestEntry) api.Opt[string] { return e.ReceiptHandle })
	_, err := settleEach(ctx, s, in.QueueARN.V, false, handles, &out.Successful, &out.Failed, func(tx store.Tx, h *heldRecord, i int, now int64) {
		h.show(tx, now+1000*int64(in.Entries[i].VisibilityTimeoutSeconds.V))
	})
	return err
}
