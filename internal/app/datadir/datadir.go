// Package datadir owns what a server keeps beside its store: the lock that keeps
// a second server out, and the root's credentials. docs/design/program.md lists
// the files.
//
// A Dir is held by one process at a time; its functions are called at start and
// stop, by one goroutine.
package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A Dir is a data directory that this process holds.
type Dir struct {
	path string
	lock *os.File
}

// Holder is what the lock tells of who holds it.
type Holder struct {
	PID    int    `json:"pid"`
	Listen string `json:"listen"`
}

// InUseError says that another process holds the directory.
type InUseError struct {
	Path   string
	Holder Holder // zero where the lock does not tell
}

func (e *InUseError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("%s is in use by another process", e.Path)
	}
	return fmt.Sprintf("%s is in use by the server with process id %d, which listens on %s", e.Path, e.Holder.PID, e.Holder.Listen)
}

const lockFile = "server.lock"

// Hold makes the directory where it is missing, with mode 0700, and locks it.
// The error is an *InUseError where another process has it.
func Hold(path, listen string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			in := &InUseError{Path: path}
			// Read by path, since the holder may be about to write: then it is empty.
			if text, err := os.ReadFile(lock.Name()); err == nil {
				_ = json.Unmarshal(text, &in.Holder)
			}
			return nil, in
		}
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	d := &Dir{path: path, lock: lock}
	if err := d.Announce(listen); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("lock data directory %s: %w", path, err)
	}
	return d, nil
}

// Announce writes who holds the lock and where it listens, for people and for
// the admin commands.
func (d *Dir) Announce(listen string) error {
	text, err := json.Marshal(Holder{PID: os.Getpid(), Listen: listen})
	if err != nil {
		return err
	}
	if err := d.lock.Truncate(0); err != nil {
		return err
	}
	_, err = d.lock.WriteAt(append(text, '\n'), 0)
	return err
}

// Path returns the path of a file in the directory.
func (d *Dir) Path(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

// Release lets others have the directory.
func (d *Dir) Release() error { return d.lock.Close() }

// HeldBy tells who holds the directory now, if anyone does.
func HeldBy(path string) (Holder, bool) {
	lock, err := os.Open(filepath.Join(path, lockFile))
	if err != nil {
		return Holder{}, false
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return Holder{}, false
	}
	var h Holder
	if text, err := os.ReadFile(lock.Name()); err == nil {
		_ = json.Unmarshal(text, &h)
	}
	return h, true
}

// WriteFile replaces a file so that a crash leaves the old one or the new one,
// and returns once it is on disk.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
