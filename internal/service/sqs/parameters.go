package sqs

import (
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
)

// Ranges of what calls ask for, beside the queues' attributes (reference sqs §3).
const (
	maxDelay       = 900          // seconds
	maxVisibility  = 12 * 60 * 60 // seconds
	maxWait        = 20           // seconds
	maxReceiveSize = 10           // messages of one receive
)

// maxHeld is how long a message can be invisible after one receive, in
// milliseconds, however often its visibility is changed.
const maxHeld = 1000 * maxVisibility

// checkDelay checks the delay of one message.
func checkDelay(seconds api.Opt[int32]) error {
	return checkRange("DelaySeconds", seconds, 0, maxDelay, "DelaySeconds must be >= 0 and <= 900.")
}

// checkVisibility checks how long a message shall be invisible.
func checkVisibility(seconds api.Opt[int32]) error {
	return checkRange("VisibilityTimeout", seconds, 0, maxVisibility, "Must be >= 0 and <= 43200, if provided.")
}

// checkWait checks how long a receive may wait.
func checkWait(seconds api.Opt[int32]) error {
	return checkRange("WaitTimeSeconds", seconds, 0, maxWait, "Must be >= 0 and <= 20, if provided.")
}

// checkMaxMessages checks how many messages a receive may return.
func checkMaxMessages(n api.Opt[int32]) error {
	return checkRange("MaxNumberOfMessages", n, 1, maxReceiveSize, "Must be between 1 and 10, if provided.")
}

func checkRange(parameter string, v api.Opt[int32], least, most int32, reason string) error {
	if v.Set && (v.V < least || v.V > most) {
		return invalidValue(strconv.Itoa(int(v.V)), parameter, reason)
	}
	return nil
}

// isWord reports whether s is one or more letters, digits, hyphens and
// underscores of ASCII.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

// isAccount reports whether s has the form of an account's id.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
