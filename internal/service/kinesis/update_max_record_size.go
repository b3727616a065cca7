package kinesis

import (
	"context"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// UpdateMaxRecordSize begins to change how large a stream's records may be.
func (s *Service) UpdateMaxRecordSize(ctx context.Context, in *kinesisapi.UpdateMaxRecordSizeInput) error {
	size := in.MaxRecordSizeInKiB.V
	if err := checkMaxRecordSize(size); err != nil {
		return err
	}
	return s.changeSettings(ctx, api.Opt[string]{}, in.StreamARN, func(_ *streamState, _ *description, next *settings) error {
		if next.MaxRecordKiB == size {
			return errUnchanged
		}
		next.MaxRecordKiB = size
		return nil
	})
}

func checkMaxRecordSize(kib int32) error {
	if kib < defaultRecordKiB || kib > maxRecordKiB {
		return api.ErrValidation.New("MaxRecordSizeInKiB must be between %d and %d.", defaultRecordKiB, maxRecordKiB)
	}
	return nil
}
