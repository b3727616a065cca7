package sqs

import (
	"testing"

	"github.com/millrace/millrace/internal/api"
)

func TestRanges(t *testing.T) {
	type opt = api.Opt[int32]
	for _, c := range []struct {
		parameter   string
		check       func(opt) error
		least, most int32
		below       string
		above       string
	}{
		{"DelaySeconds", checkDelay, 0, 900,
			"Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
			"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{"VisibilityTimeout", checkVisibility, 0, 43200,
			"Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
			"Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"WaitTimeSeconds", checkWait, 0, 20,
			"Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
			"Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"MaxNumberOfMessages", checkMaxMessages, 1, 10,
			"Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
			"Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
	} {
		for _, ok := range []opt{{}, api.Some(c.least), api.Some(c.most)} {
			wantError(t, c.parameter, c.check(ok), "", "")
		}
		wantError(t, c.parameter, c.check(api.Some(c.least-1)), "InvalidParameterValue", c.below)
		wantError(t, c.parameter, c.check(api.Some(c.most+1)), "InvalidParameterValue", c.above)
	}
}
