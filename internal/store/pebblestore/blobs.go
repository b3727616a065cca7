package pebblestore

import (
	"context"
	"sync"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/blobdir"
)

// blobs are the directory's, held to the store's rules: none is made on a full
// disk, and none goes while a backup is made.
type blobs struct {
	*blobdir.Dir
	s         *Store
	deletions sync.RWMutex
}

// Create begins an object.
func (b *blobs) Create(ctx context.Context) (store.BlobWriter, error) {
	if err := b.s.refuse(); err != nil && !store.IsFreeing(ctx) {
		return nil, err
	}
	return b.Dir.Create(ctx)
}

// Delete removes an object.
func (b *blobs) Delete(ctx context.Context, id string) error {
	b.deletions.RLock()
	defer b.deletions.RUnlock()
	return b.Dir.Delete(ctx, id)
}
