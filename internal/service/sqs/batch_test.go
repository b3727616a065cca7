package sqs

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/api"
	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

func TestCheckBatch(t *testing.T) {
	const (
		prefix = "AWS.SimpleQueueService."
		badID  = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	)
	long := strings.Repeat("i", 80)
	eleven := strings.Split("a b c d e f g h i j k", " ")
	for _, c := range []struct {
		what       string
		ids        []string
		code, text string
	}{
		{"one", []string{"a"}, "", ""},
		{"ten", eleven[:10], "", ""},
		{"long", []string{long, "A-z_09"}, "", ""},
		{"none", nil, prefix + "EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry in the request."},
		{"eleven, and ids twice", append(eleven[:10:10], "a"), prefix + "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11."},
		{"long", []string{long + "i"}, prefix + "InvalidBatchEntryId", badID},
		{"space", []string{"a", "a", "a b"}, prefix + "InvalidBatchEntryId", badID},
		{"empty", []string{""}, prefix + "InvalidBatchEntryId", badID},
		{"twice", []string{"a", "b", "c", "b"}, prefix + "BatchEntryIdsNotDistinct", "Id b repeated."},
	} {
		entries := make([]sqsapi.DeleteMessageBatchRequestEntry, len(c.ids))
		for i, id := range c.ids {
			entries[i].Id = api.Some(id)
		}
		err := checkBatch(entries, "DeleteMessageBatchRequestEntry", func(e *sqsapi.DeleteMessageBatchRequestEntry) string { return e.Id.V })
		wantError(t, c.what, err, c.code, c.text)
	}
}

func TestCheckBatchBytes(t *testing.T) {
	wantError(t, "1 MiB", checkBatchBytes(1048576), "", "")
	wantError(t, "more", checkBatchBytes(1048577), "AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
}

func TestFailed(t *testing.T) {
	got := failed("a", sqsapi.ErrQueueDoesNotExist.New("gone"))
	want := sqsapi.BatchResultErrorEntry{Id: api.Some("a"), SenderFault: api.Some(true), Code: api.Some("AWS.SimpleQueueService.NonExistentQueue"), Message: api.Some("gone")}
	if got != want {
		t.Errorf("failed = %+v", got)
	}
	if got := failed("a", api.ErrInternalFailure.New("")); got.SenderFault.V || got.Code.V != "InternalFailure" {
		t.Errorf("failed = %+v", got)
	}
	if got := failed("a", missingInEntry("MessageGroupId")); got.Code.V != "InvalidParameterValue" || got.Message.V != "The request must contain the parameter MessageGroupId." {
		t.Errorf("failed = %+v", got)
	}
}
