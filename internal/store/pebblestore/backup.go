package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/keyring"
)

// Backup writes a consistent copy of the store into a directory that is not
// there yet, while the store serves: the state at one moment of the call. The copy
// is a data directory itself, with the checksums of its files (SHA256SUMS) for
// Restore; what is immutable is linked where the file system can. It has the
// master key unless that is kept elsewhere (Options.MasterKeyFile). Blobs are not
// deleted while they are copied: Delete waits. A call that fails, or is ended by ctx
// or Close, removes what it made.
func (s *Store) Backup(ctx context.Context, dir string) error {
	if err := s.enter(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer s.leave()
	ended := func() error {
		select {
		case <-s.closing:
			return store.ErrClosed
		default:
			return ctx.Err()
		}
	}
	if err := s.backup(ended, dir); err != nil {
		return fmt.Errorf("backup to %s: %w", dir, err)
	}
	return nil
}

// backup makes a backup unless ended tells why it should not go on.
func (s *Store) backup(ended func() error, dir string) (err error) {
	s.backups.Lock()
	defer s.backups.Unlock()
	if _, err := s.fs.Stat(dir); err == nil {
		return store.ErrExists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	format, err := readFile(s.fs, s.fs.PathJoin(s.dir, formatName))
	if err != nil {
		return err
	}
	if err := beginCopy(s.fs, dir); err != nil {
		return errors.Join(err, removeCopy(s.fs, dir, true))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeCopy(s.fs, dir, true))
		}
	}()
	if err := s.copyDatabase(ended, dir); err != nil {
		return err
	}
	if s.ownsMasterKey {
		if err := keyring.CopyMasterKey(s.fs.PathJoin(s.dir, masterKeyName), s.fs.PathJoin(dir, masterKeyName)); err != nil {
			return err
		}
	}
	if err := writeSums(ended, s.fs, dir, format); err != nil {
		return err
	}
	return writeFile(s.fs, dir, formatName, format)
}

// copyDatabase copies the rows as they are at one moment, and the blobs that they
// may name.
func (s *Store) copyDatabase(ended func() error, dir string) error {
	// A blob that the rows of the checkpoint name must not go before it is copied.
	s.blobs.deletions.Lock()
	defer s.blobs.deletions.Unlock()
	if err := s.db.Checkpoint(s.fs.PathJoin(dir, "pebble"), pebble.WithFlushedWAL()); err != nil {
		return err
	}
	to := s.fs.PathJoin(dir, "blobs")
	if err := makeDir(s.fs, to); err != nil {
		return err
	}
	ids, err := s.blobs.List(context.Background())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := ended(); err != nil {
			return err
		}
		// No row names a blob that is gone although none is deleted now: its commit
		// failed.
		if err := s.blobs.CopyTo(id, to); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return syncDir(s.fs, to)
}

// unfinished is what FORMAT holds while a directory is filled, so that no release
// opens it.
const unfinished = "unfinished"

// beginCopy makes a directory that is no data directory before FORMAT is written
// again.
func beginCopy(fs vfs.FS, dir string) error {
	if err := makeDir(fs, dir); err != nil {
		return err
	}
	return writeFile(fs, dir, formatName, []byte(unfinished+"\n"))
}

// removeCopy removes what a backup or restore makes, and the directory too where
// the call made it and nobody else put something there.
func removeCopy(fs vfs.FS, dir string, made bool) error {
	var err error
	for _, name := range []string{"pebble", "blobs", masterKeyName, sumsName, sumsName + ".new", formatName, formatName + ".new"} {
		err = errors.Join(err, fs.RemoveAll(fs.PathJoin(dir, name)))
	}
	if made {
		err = errors.Join(err, fs.Remove(dir))
	}
	return err
}

// readFile returns what a small file holds.
func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

// endingReader reads until ended tells why it should not go on.
type endingReader struct {
	ended func() error
	io.Reader
}

func (r endingReader) Read(p []byte) (int, error) {
	if err := r.ended(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// privateFS makes directories for their owner alone, also those that Pebble makes.
type privateFS struct{ vfs.FS }

// MkdirAll implements vfs.FS.
func (f privateFS) MkdirAll(dir string, mode os.FileMode) error {
	return f.FS.MkdirAll(dir, mode&0o700)
}

// Unwrap implements vfs.FS.
func (f privateFS) Unwrap() vfs.FS { return f.FS }
