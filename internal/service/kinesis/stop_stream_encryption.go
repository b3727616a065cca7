package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// StopStreamEncryption begins to write a stream's records in clear. Those that
// were encrypted stay so, and readable.
func (s *Service) StopStreamEncryption(ctx context.Context, in *kinesisapi.StopStreamEncryptionInput) error {
	if err := wantKMS(in.EncryptionType.V); err != nil {
		return err
	}
	now := s.o.Clock.Now().UTC()
	return s.changeSettings(ctx, in.StreamName, in.StreamARN, func(st *streamState, d *description, next *settings) error {
		if d.Key == 0 || !knownKey(st.key, in.KeyId.V) {
			return kinesisapi.ErrInvalidArgumentException.New("KeyId %s is not the key with which stream %s under account %s is encrypted.", in.KeyId.V, st.key.name, st.key.account)
		}
		if err := s.noteKeyChange(st.key, d, now); err != nil {
			return err
		}
		next.Key, next.KeyName = 0, ""
		return nil
	})
}
