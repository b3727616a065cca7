package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/millrace/millrace/internal/store"
)

// blobs implements store.Blobs.
type blobs struct {
	store *Store

	// Guarded by store.mu:
	objects map[string][]byte
	created uint64
}

// Create begins an object.
func (b *blobs) Create(ctx context.Context) (store.BlobWriter, error) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if err := b.store.usable(ctx); err != nil {
		return nil, err
	}
	if b.store.faults.noSpace && !store.IsFreeing(ctx) {
		return nil, fmt.Errorf("create blob: %w", store.ErrNoSpace)
	}
	b.created++
	return &blobWriter{blobs: b, ctx: ctx, id: fmt.Sprintf("%032x", b.created)}, nil
}

// Open returns an object.
func (b *blobs) Open(ctx context.Context, id string) (store.BlobReader, error) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if err := b.store.usable(ctx); err != nil {
		return nil, err
	}
	data, ok := b.objects[id]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", id, store.ErrNotFound)
	}
	return blobReader{bytes.NewReader(data)}, nil
}

// Delete removes an object.
func (b *blobs) Delete(ctx context.Context, id string) error {
	_, err := do(ctx, b.store, nil, func(s *Store) (struct{}, error) {
		delete(s.blobs.objects, id)
		return struct{}{}, nil
	})
	return err
}

// List returns the ids of all objects, in order.
func (b *blobs) List(ctx context.Context) ([]string, error) {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if err := b.store.usable(ctx); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(b.objects)), nil
}

// blobWriter implements store.BlobWriter.
type blobWriter struct {
	blobs *blobs
	ctx   context.Context // of Create
	id    string
	data  []byte
	ended bool
}

var errEnded = errors.New("blob was committed or aborted")

// Write appends p to the object.
func (w *blobWriter) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errEnded
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

// Commit makes the object durable.
func (w *blobWriter) Commit() (string, error) {
	if w.ended {
		return "", errEnded
	}
	w.ended = true
	_, err := do(w.ctx, w.blobs.store, nil, func(s *Store) (struct{}, error) {
		s.blobs.objects[w.id] = w.data
		return struct{}{}, nil
	})
	if err != nil {
		return "", fmt.Errorf("commit blob: %w", err)
	}
	return w.id, nil
}

// Abort forgets what was written.
func (w *blobWriter) Abort() error {
	w.ended = true
	return nil
}

// blobReader implements store.BlobReader.
type blobReader struct{ *bytes.Reader }

// Close ends the use of the object.
func (blobReader) Close() error { return nil }
