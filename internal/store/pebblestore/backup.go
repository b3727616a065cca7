package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

// Backup writes a consistent copy of the store into a directory that is not
// there yet, while the store serves: the state at one moment of the call. The copy
// is a data directory itself; what is immutable is linked where the file system
// can. It has the master key unless that is kept elsewhere (Options.MasterKeyFile).
func (s *Store) Backup(ctx context.Context, dir string) error {
	if err := s.enter(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer s.leave()
	if err := s.backup(ctx, dir); err != nil {
		return fmt.Errorf("backup to %s: %w", dir, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, dir string) error {
	fs := s.fs
	if _, err := fs.Stat(dir); err == nil {
		return store.ErrExists
	}
	if err := makeDir(fs, dir); err != nil {
		return err
	}
	// A blob that the rows of the checkpoint name must not go before it is copied.
	s.blobs.deletions.Lock()
	defer s.blobs.deletions.Unlock()
	if err := s.db.Checkpoint(fs.PathJoin(dir, "pebble"), pebble.WithFlushedWAL()); err != nil {
		return err
	}
	if err := copyDir(ctx, fs, fs.PathJoin(s.dir, "blobs"), fs.PathJoin(dir, "blobs"), vfs.LinkOrCopy); err != nil {
		return err
	}
	key := fs.PathJoin(s.dir, masterKeyName)
	if _, err := fs.Stat(key); err == nil {
		if err := copyFile(fs, key, fs.PathJoin(dir, masterKeyName)); err != nil {
			return err
		}
	}
	// FORMAT comes last: a copy without it is no data directory.
	return writeFile(fs, dir, formatName, []byte(strconv.Itoa(Format)+"\n"))
}

// Restore copies a backup to a data directory that is not there yet or is empty.
// The backup stays as it is.
func Restore(ctx context.Context, from, to string) error {
	if err := restore(ctx, vfs.Default, from, to); err != nil {
		return fmt.Errorf("restore %s to %s: %w", from, to, err)
	}
	return nil
}

func restore(ctx context.Context, fs vfs.FS, from, to string) error {
	if _, err := fs.Stat(fs.PathJoin(from, formatName)); err != nil {
		return fmt.Errorf("it is no backup: %w", err)
	}
	if err := checkFormat(fs, from); err != nil {
		return err
	}
	if names, err := fs.List(to); err == nil && len(names) > 0 {
		return fmt.Errorf("%w: the directory is not empty", store.ErrExists)
	}
	if err := makeDir(fs, to); err != nil {
		return err
	}
	for _, dir := range []string{"pebble", "blobs"} {
		if err := copyDir(ctx, fs, fs.PathJoin(from, dir), fs.PathJoin(to, dir), copyFile); err != nil {
			return err
		}
	}
	names, err := fs.List(from)
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin(from, name))
		if err != nil {
			return err
		}
		if info.IsDir() || name == formatName {
			continue
		}
		if err := copyFile(fs, fs.PathJoin(from, name), fs.PathJoin(to, name)); err != nil {
			return err
		}
	}
	return writeFile(fs, to, formatName, []byte(strconv.Itoa(Format)+"\n"))
}

// copyDir makes a directory with what another holds; it has no folders.
func copyDir(ctx context.Context, fs vfs.FS, from, to string, file func(fs vfs.FS, from, to string) error) error {
	if err := makeDir(fs, to); err != nil {
		return err
	}
	names, err := fs.List(from)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if name == "LOCK" {
			continue
		}
		if err := file(fs, fs.PathJoin(from, name), fs.PathJoin(to, name)); err != nil {
			return err
		}
	}
	return syncDir(fs, to)
}

// copyFile copies a file, durably.
func copyFile(fs vfs.FS, from, to string) error {
	in, err := fs.Open(from)
	if err != nil {
		return err
	}
	out, err := fs.Create(to, vfs.WriteCategoryUnspecified)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close(), in.Close())
}
