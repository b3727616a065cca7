package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// IncreaseStreamRetentionPeriod begins to lengthen a stream's retention. The one
// that it has is accepted and changes nothing.
func (s *Service) IncreaseStreamRetentionPeriod(ctx context.Context, in *kinesisapi.IncreaseStreamRetentionPeriodInput) error {
	hours := in.RetentionPeriodHours.V
	if err := checkRetention(hours); err != nil {
		return err
	}
	return s.changeSettings(ctx, in.StreamName, in.StreamARN, func(st *streamState, _ *description, next *settings) error {
		switch {
		case hours < next.RetentionHours:
			return kinesisapi.ErrInvalidArgumentException.New("Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours). Use DecreaseRetentionPeriod API.", hours, st.key.name, next.RetentionHours)
		case hours == next.RetentionHours:
			return errUnchanged
		}
		next.RetentionHours = hours
		return nil
	})
}
