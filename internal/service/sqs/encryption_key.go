package sqs

import (
	"context"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/row"
)

// encryptionKey returns the data key under which an account's queues in a region
// are encrypted, having made it for the first of them.
func (s *Service) encryptionKey(ctx context.Context, k queueKey) (store.KeyID, error) {
	part := s.registry(k.account, k.region).part
	var id store.KeyID
	var found bool
	read := func(r store.Reader) (err error) {
		found, err = row.Find(r, keyKey, &id)
		return err
	}
	if err := part.View(ctx, read); err != nil || found {
		return id, err
	}
	fresh, err := s.o.Store.Keys().Create(ctx)
	if err != nil {
		return 0, err
	}
	err = part.Update(ctx, func(tx store.Tx) error {
		if err := read(tx); err != nil || found {
			return err
		}
		id = fresh
		tx.Set(keyKey, row.Encode(fresh))
		return nil
	})
	return id, err
}
