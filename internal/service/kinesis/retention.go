package kinesis

import kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"

// maxRetention is the longest retention, in hours; the shortest is what streams
// begin with (reference kinesis-streams §3).
const maxRetention = 8760

// checkRetention refuses a retention that no stream may have.
func checkRetention(hours int32) error {
	switch {
	case hours < defaultRetention:
		return kinesisapi.ErrInvalidArgumentException.New("Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.", defaultRetention, hours)
	case hours > maxRetention:
		return kinesisapi.ErrInvalidArgumentException.New("Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.", maxRetention, hours)
	}
	return nil
}
