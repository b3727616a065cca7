package sqs

import (
	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

const (
	maxEntries    = 10      // of one batch
	maxEntryID    = 80      // bytes of an entry's id
	maxBatchBytes = 1 << 20 // of all messages of one batch, whatever the queue's MaximumMessageSize
)

// checkBatch checks the entries of a batch as far as all batches are alike. shape
// is the name of the entries' shape, id returns an entry's id.
func checkBatch[E any](entries []E, shape string, id func(*E) string) error {
	if len(entries) == 0 {
		return sqsapi.ErrEmptyBatchRequest.New("There should be at least one %s in the request.", shape)
	}
	if len(entries) > maxEntries {
		return sqsapi.ErrTooManyEntriesInBatchRequest.New("Maximum number of entries per request are %d. You have sent %d.", maxEntries, len(entries))
	}
	for i := range entries {
		if s := id(&entries[i]); len(s) > maxEntryID || !isWord(s) {
			return sqsapi.ErrInvalidBatchEntryId.New("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
	}
	for i := range entries {
		for j := range i {
			if s := id(&entries[i]); s == id(&entries[j]) {
				return sqsapi.ErrBatchEntryIdsNotDistinct.New("Id %s repeated.", s)
			}
		}
	}
	return nil
}

// checkBatchBytes checks the sizes of all messages of a batch, in sum.
func checkBatchBytes(n int) error {
	if n > maxBatchBytes {
		return sqsapi.ErrBatchRequestTooLong.New("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatchBytes, n)
	}
	return nil
}

// failed is the result of an entry that an error befell. Batches name errors by
// their legacy codes, in every protocol.
func failed(id string, e *api.Error) sqsapi.BatchResultErrorEntry {
	return sqsapi.BatchResultErrorEntry{
		Id:          api.Some(id),
		SenderFault: api.Some(!e.Shape.Fault),
		Code:        api.Some(e.Shape.QueryCode),
		Message:     api.Some(e.Message),
	}
}
