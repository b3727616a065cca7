package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/blobdir"
)

// blobs are the directory's, held to the store's rules: none grows on a full
// disk, and none goes while a backup is made.
type blobs struct {
	*blobdir.Dir
	s         *Store
	deletions sync.RWMutex
}

// Create begins an object.
func (b *blobs) Create(ctx context.Context) (store.BlobWriter, error) {
	w := &blobWriter{s: b.s, freeing: store.IsFreeing(ctx)}
	if err := w.refuse(); err != nil {
		return nil, err
	}
	var err error
	w.to, err = b.Dir.Create(ctx)
	return w, noSpace(err)
}

// Delete removes an object.
func (b *blobs) Delete(ctx context.Context, id string) error {
	b.deletions.RLock()
	defer b.deletions.RUnlock()
	return b.Dir.Delete(ctx, id)
}

// blobWriter refuses to go on when space has become low. A refused write has
// written nothing, and can be tried again.
type blobWriter struct {
	s       *Store
	to      store.BlobWriter
	freeing bool
}

func (w *blobWriter) refuse() error {
	if err := w.s.refuse(); err != nil && !w.freeing {
		return err
	}
	return nil
}

// Write appends p to the object.
func (w *blobWriter) Write(p []byte) (int, error) {
	if err := w.refuse(); err != nil {
		return 0, err
	}
	n, err := w.to.Write(p)
	return n, noSpace(err)
}

// Commit makes the object durable.
func (w *blobWriter) Commit() (string, error) {
	if err := w.refuse(); err != nil {
		return "", err
	}
	id, err := w.to.Commit()
	return id, noSpace(err)
}

// Abort forgets the object.
func (w *blobWriter) Abort() error { return w.to.Abort() }

// noSpace says of an error of the disk that it is one of space.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", store.ErrNoSpace, err)
	}
	return err
}
