package sqs

import (
	"strings"
	"unicode/utf8"
)

// Longest tags, in characters (reference sqs §9). AWS recommends 50 tags a queue
// at most, and takes more.
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// maxTags is how many tags a queue can have, so that its description stays small.
const maxTags = 200

// checkTags checks tags that are to be given to a queue.
func checkTags(tags map[string]string) error {
	for k, v := range tags {
		switch {
		case k == "" || utf8.RuneCountInString(k) > maxTagKey:
			return invalidParameter("Tag keys must be between 1 and 128 characters in length.")
		case utf8.RuneCountInString(v) > maxTagValue:
			return invalidParameter("Tag values must be between 0 and 256 characters in length.")
		case len(k) >= 4 && strings.EqualFold(k[:4], "aws:"):
			return invalidParameter("Tag keys cannot start with the reserved prefix aws:.")
		}
	}
	return checkTagCount(tags)
}

// checkTagCount checks how many tags a queue would have.
func checkTagCount(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalidParameter("A queue can have %d tags at most.", maxTags)
	}
	return nil
}
