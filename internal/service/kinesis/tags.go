package kinesis

import (
	"strings"
	"unicode"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// maxTags is how many tags a resource may have (reference kinesis-streams §3).
const maxTags = 50

// checkTags holds new tags against AWS's rules; present are those that the
// resource has.
func checkTags(add, present map[string]string) error {
	total := len(present)
	for k, v := range add {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return kinesisapi.ErrInvalidArgumentException.New("Tag keys starting with 'aws:' are reserved for system use.")
		}
		if !validTag(k) || !validTag(v) {
			return kinesisapi.ErrInvalidArgumentException.New("Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - %% @ :.")
		}
		if _, ok := present[k]; !ok {
			total++
		}
	}
	if total > maxTags {
		return kinesisapi.ErrInvalidArgumentException.New("Failed to add tags. A given resource cannot have more than %d tags associated with it.", maxTags)
	}
	return nil
}

// validTag reports whether all characters are allowed in a tag.
func validTag(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) && !strings.ContainsRune("_./=+-%@:", r)
	}) < 0
}
