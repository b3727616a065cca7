// Package blobdir keeps large immutable objects as files of one directory.
//
// Owns: the directory that it is given, in the layout of docs/format/blob.md.
//
// Invariants: an object is in the directory under its id only when it is whole
// and durable (written to a temporary file, synced, renamed, directory synced).
// What a crash left half written is removed when the directory is opened. Every
// chunk of an object carries a checksum, which each read of it verifies.
//
// Concurrency: a Dir and its readers are safe for concurrent use; a writer is
// used by one goroutine. The caller keeps other processes out.
package blobdir

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

const (
	idBytes    = 16 // random bytes of an id, which is hexadecimal
	suffix     = ".blob"
	tempSuffix = ".tmp"

	category vfs.DiskWriteCategory = "millrace-blob"
)

// Dir implements store.Blobs over a directory.
type Dir struct {
	fs   vfs.FS
	path string
}

// Open returns the objects in the directory path of filesystem, which is made,
// durably, where it is missing from its parent. Files of interrupted writes are
// removed; files that are no object's are left alone.
func Open(filesystem vfs.FS, path string) (*Dir, error) {
	d := &Dir{fs: filesystem, path: path}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("blob directory %s: %w", path, err)
	}
	return d, nil
}

func (d *Dir) open() error {
	if err := d.fs.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	if err := d.sync(d.fs.PathDir(d.path)); err != nil {
		return err
	}
	names, err := d.fs.List(d.path)
	if err != nil {
		return err
	}
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, tempSuffix); ok && validID(id) {
			if err := d.fs.Remove(d.fs.PathJoin(d.path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Create begins an object of a new random id.
func (d *Dir) Create(ctx context.Context) (store.BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var raw [idBytes]byte
	rand.Read(raw[:])
	id := hex.EncodeToString(raw[:])
	f, err := d.fs.Create(d.temp(id), category)
	if err != nil {
		return nil, fmt.Errorf("create blob: %w", err)
	}
	return newWriter(d, id, f), nil
}

// Open returns an object, or an error that wraps store.ErrNotFound, or
// store.ErrCorrupt where its file is cut or damaged.
func (d *Dir) Open(ctx context.Context, id string) (store.BlobReader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !validID(id) {
		return nil, fmt.Errorf("blob %q: %w", id, store.ErrNotFound)
	}
	f, err := d.fs.Open(d.file(id), vfs.RandomReadsOption)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", id, err)
	}
	r, err := newReader(id, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// CopyTo puts the file of an object into another directory of the same file
// system, linked where that can be. The caller makes the directory durable. The
// error wraps store.ErrNotFound where there is no such object.
func (d *Dir) CopyTo(id, dir string) error {
	if !validID(id) {
		return fmt.Errorf("blob %q: %w", id, store.ErrNotFound)
	}
	err := vfs.LinkOrCopy(d.fs, d.file(id), d.fs.PathJoin(dir, id+suffix))
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("copy blob %s: %w", id, err)
	}
	return nil
}

// Delete removes an object, durably. Who has it open can go on to read it.
func (d *Dir) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !validID(id) {
		return nil
	}
	err := d.fs.Remove(d.file(id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob %s: %w", id, err)
	}
	// An object that is not there may have been removed by a call that could not
	// sync.
	return d.sync(d.path)
}

// List returns the ids of all objects, in order.
func (d *Dir) List(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	names, err := d.fs.List(d.path)
	if err != nil {
		return nil, fmt.Errorf("list blobs: %w", err)
	}
	var ids []string
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, suffix); ok && validID(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (d *Dir) file(id string) string { return d.fs.PathJoin(d.path, id+suffix) }

func (d *Dir) temp(id string) string { return d.fs.PathJoin(d.path, id+tempSuffix) }

// sync makes the names in a directory durable.
func (d *Dir) sync(path string) error {
	if path == "" {
		path = "."
	}
	f, err := d.fs.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// validID keeps ids of the caller's making from naming other files.
func validID(id string) bool {
	if len(id) != 2*idBytes {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
