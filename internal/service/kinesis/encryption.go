package kinesis

import (
	"strings"
	"time"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/base/arn"
)

const (
	managedKey    = "alias/aws/kinesis" // the one key that there is: the server's own
	maxKeyChanges = 25                  // in a rolling 24 h
)

// knownKey reports whether a KeyId names the server's own key, as alias or as
// the alias' ARN in the stream's account and region.
func knownKey(key streamKey, id string) bool {
	return id == managedKey || id == arn.New("kms", key.region, key.account, managedKey).String()
}

// checkKey refuses a KeyId that names no key.
func checkKey(key streamKey, id string) error {
	if knownKey(key, id) {
		return nil
	}
	if strings.HasPrefix(id, "arn:") && !strings.Contains(id, ":kms:") || strings.ContainsAny(id, " \t\r\n") {
		return kinesisapi.ErrInvalidArgumentException.New("Invalid KeyId: %s", id)
	}
	return kinesisapi.ErrKMSNotFoundException.New("Key '%s' does not exist", id)
}

// wantKMS refuses an EncryptionType that does not encrypt.
func wantKMS(kind string) error {
	if kind != kinesisapi.EncryptionTypeKms {
		return kinesisapi.ErrInvalidArgumentException.New("EncryptionType must be KMS.")
	}
	return nil
}

// noteKeyChange counts a change of encryption among those of the last 24 hours.
func (s *Service) noteKeyChange(key streamKey, d *description, now time.Time) error {
	d.KeyChanges = recent(d.KeyChanges, now)
	if s.o.APILimits && len(d.KeyChanges) >= maxKeyChanges {
		return kinesisapi.ErrLimitExceededException.New("The encryption of stream %s under account %s cannot be changed more than %d times in a 24 hour period.", key.name, key.account, maxKeyChanges)
	}
	d.KeyChanges = append(d.KeyChanges, now)
	return nil
}
