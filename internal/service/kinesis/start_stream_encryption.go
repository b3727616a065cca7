package kinesis

import (
	"context"

	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

// StartStreamEncryption begins to encrypt what is written to a stream, under a
// data key of its own. What it holds already stays as it was written. An
// encrypted stream changes the name of its key and nothing else.
func (s *Service) StartStreamEncryption(ctx context.Context, in *kinesisapi.StartStreamEncryptionInput) error {
	if err := wantKMS(in.EncryptionType.V); err != nil {
		return err
	}
	_, st, err := s.resolve(ctx, in.StreamName, in.StreamARN)
	if err != nil {
		return err
	}
	if err := checkKey(st.key, in.KeyId.V); err != nil {
		return err
	}
	if err := wantActive(st); err != nil {
		return err
	}
	key := st.Key
	if key == 0 {
		// A key that loses the race against another change is never used.
		if key, err = s.o.Store.Keys().Create(ctx); err != nil {
			return err
		}
	}
	now := s.o.Clock.Now().UTC()
	return s.changeSettings(ctx, in.StreamName, in.StreamARN, func(st *streamState, d *description, next *settings) error {
		if d.Key != 0 && d.KeyName == in.KeyId.V {
			return errUnchanged
		}
		if err := s.noteKeyChange(st.key, d, now); err != nil {
			return err
		}
		if next.Key == 0 {
			next.Key = key
		}
		next.KeyName = in.KeyId.V
		return nil
	})
}
