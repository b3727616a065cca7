package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/keyring"
)

func backedUpStore(t *testing.T) (s *Store, dir, backup string) {
	t.Helper()
	dir = t.TempDir()
	s = filled(t, filepath.Join(dir, "data"))
	backup = filepath.Join(dir, "backup")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	return s, dir, backup
}

func mode(t *testing.T, path string) iofs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestCopiesAreTheOwnersAlone(t *testing.T) {
	_, dir, backup := backedUpStore(t)
	restored := filepath.Join(dir, "restored")
	if err := Restore(t.Context(), backup, restored, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{filepath.Join(dir, "data"), backup, restored} {
		if m := mode(t, filepath.Join(d, masterKeyName)); m != 0o600 {
			t.Errorf("the key in %s has mode %o", d, m)
		}
		for _, folder := range []string{"", "pebble", "blobs"} {
			if m := mode(t, filepath.Join(d, folder)); m != 0o700 {
				t.Errorf("%s/%s has mode %o", d, folder, m)
			}
		}
	}
}

func TestBackupLeavesAKeyThatIsKeptElsewhere(t *testing.T) {
	dir := t.TempDir()
	data, key := filepath.Join(dir, "data"), filepath.Join(dir, "key")
	if _, err := keyring.CreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Options{Dir: data, MinFreeBytes: -1, MasterKeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// One of another time, which opens nothing.
	if _, err := keyring.CreateMasterKey(filepath.Join(data, masterKeyName)); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(dir, "backup")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(backup, masterKeyName)); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("a master key in the backup: %v", err)
	}
}

// TestRestoreFindsEveryBit damages each file of a backup in its middle, removes
// it, and cuts it.
func TestRestoreFindsEveryBit(t *testing.T) {
	_, dir, backup := backedUpStore(t)
	restored := filepath.Join(dir, "restored")
	paths, err := backedUp(hostFS, backup)
	if err != nil || len(paths) < 5 {
		t.Fatal(paths, err)
	}
	for _, path := range append(paths, sumsName, formatName) {
		name := filepath.Join(backup, path)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		harm := map[string]func() error{"missing": func() error { return os.Remove(name) }}
		if len(whole) > 0 {
			flipped := bytes.Clone(whole)
			flipped[len(flipped)/2] ^= 4
			harm["flipped"] = func() error { return replace(name, flipped) }
			harm["cut"] = func() error { return replace(name, whole[:len(whole)/2]) }
		}
		for what, do := range harm {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			var found []string
			err := Restore(t.Context(), backup, restored, RestoreOptions{Damaged: func(f Finding) { found = append(found, f.Where) }})
			if err == nil {
				t.Errorf("%s %s: no error", path, what)
			}
			// What is no format of ours is told before anything is compared.
			if path != formatName && (!errors.Is(err, store.ErrCorrupt) || !strings.Contains(strings.Join(found, "\n"), filepath.Base(path))) {
				t.Errorf("%s %s: %v, found %q", path, what, err, found)
			}
			if _, err := os.Stat(restored); !errors.Is(err, iofs.ErrNotExist) {
				t.Fatalf("%s %s: something is left: %v", path, what, err)
			}
		}
		if err := replace(name, whole); err != nil {
			t.Fatal(err)
		}
	}
	strange := filepath.Join(backup, "pebble", "999999.sst")
	if err := os.WriteFile(strange, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), backup, restored, RestoreOptions{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a strange file: %v", err)
	}
}

// replace puts another file in the place of one, which may be linked elsewhere.
func replace(name string, b []byte) error {
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func TestRestoreOfADamagedBackupThatIsAccepted(t *testing.T) {
	_, dir, backup := backedUpStore(t)
	blobs, err := filepath.Glob(filepath.Join(backup, "blobs", "*"))
	if err != nil || len(blobs) != 1 {
		t.Fatal(blobs, err)
	}
	if err := replace(blobs[0], []byte("nothing")); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(dir, "restored")
	if err := os.Mkdir(restored, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), backup, restored, RestoreOptions{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("not accepted: %v", err)
	}
	if left, err := os.ReadDir(restored); err != nil || len(left) > 0 {
		t.Fatalf("the directory that was there: %v, %v", left, err)
	}
	if err := os.Remove(filepath.Join(backup, sumsName)); err != nil {
		t.Fatal(err)
	}
	found, read, of := 0, int64(0), int64(0)
	o := RestoreOptions{AcceptDamage: true, Damaged: func(Finding) { found++ }, Progress: func(n, total int64) { read, of = n, total }}
	if err := Restore(t.Context(), backup, restored, o); err != nil || found != 1 || read == 0 || read != of {
		t.Fatalf("without checksums: %v, found %d, read %d of %d", err, found, read, of)
	}
	if bad, checked := examine(t, restored); len(bad) != 1 || checked.Records != 600 {
		t.Errorf("found %v, checked %+v", bad, checked)
	}
}

func TestAHalfFilledDirectoryIsNotOpened(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "half")
	if err := beginCopy(hostFS, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir, MinFreeBytes: -1}); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("open: %v", err)
	}
	if err := Restore(t.Context(), dir, dir+"2", RestoreOptions{AcceptDamage: true}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("restore of it: %v", err)
	}
}

// TestBackupWhileBlobsComeAndGo asserts that a backup has every blob that its rows
// name, while blobs are written, named, and deleted.
func TestBackupWhileBlobsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, filepath.Join(dir, "data"))
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for i := range 2 {
		writers.Go(func() {
			named := s.Partition(fmt.Sprint("names", i))
			for ctx.Err() == nil {
				if err := comeAndGo(s, named); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 10 {
		backup := filepath.Join(dir, fmt.Sprint("backup", i))
		if err := s.Backup(t.Context(), backup); err != nil {
			t.Error(err)
			continue
		}
		expectNamedBlobs(t, backup)
	}
	stop()
	writers.Wait()
}

// comeAndGo writes a blob and names it in a row, then takes the row and the blob
// away.
func comeAndGo(s *Store, named store.Partition) error {
	ctx := context.Background()
	w, err := s.Blobs().Create(ctx)
	if err != nil {
		return err
	}
	if _, err := w.Write(make([]byte, 1000)); err != nil {
		return err
	}
	id, err := w.Commit()
	if err != nil {
		return err
	}
	if err := named.Update(ctx, func(tx store.Tx) error { tx.Set([]byte("blob"), []byte(id)); return nil }); err != nil {
		return err
	}
	if err := named.Update(ctx, func(tx store.Tx) error { tx.Delete([]byte("blob")); return nil }); err != nil {
		return err
	}
	return s.Blobs().Delete(ctx, id)
}

func expectNamedBlobs(t *testing.T, backup string) {
	t.Helper()
	s, err := Open(Options{Dir: backup, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 2 {
		err := s.Partition(fmt.Sprint("names", i)).View(t.Context(), func(r store.Reader) error {
			id, err := r.Get([]byte("blob"))
			if errors.Is(err, store.ErrNotFound) {
				return nil
			} else if err != nil {
				return err
			}
			b, err := s.Blobs().Open(t.Context(), string(id))
			if err != nil {
				return err
			}
			return b.Close()
		})
		if err != nil {
			t.Errorf("%s: %v", backup, err)
		}
	}
}

// heldFS has who opens a file of a name wait.
type heldFS struct {
	vfs.FS
	name          string
	held, release chan struct{}
}

func (f heldFS) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	if filepath.ToSlash(name) == f.name {
		close(f.held)
		<-f.release
	}
	return f.FS.Open(name, o...)
}

func TestCloseEndsABackup(t *testing.T) {
	fs := heldFS{vfs.NewMem(), "backup/pebble/marker.manifest.000001.MANIFEST-000001", make(chan struct{}), make(chan struct{})}
	s, err := Open(Options{Dir: "data", FS: fs, MasterKey: make([]byte, 32), MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	ended, closed := make(chan error, 1), make(chan error, 1)
	go func() { ended <- s.Backup(t.Context(), "backup") }()
	<-fs.held
	go func() { closed <- s.Close() }()
	<-s.closing
	close(fs.release)
	if err := <-ended; !errors.Is(err, store.ErrClosed) {
		t.Errorf("backup: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := fs.Stat("backup"); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, filepath.Join(dir, "data"))
	backup := filepath.Join(dir, "backup")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, backup); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "data", masterKeyName)); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), backup); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := os.Stat(backup); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if err := os.Mkdir(backup, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), backup); !errors.Is(err, store.ErrExists) {
		t.Errorf("over a directory: %v", err)
	}
	if _, err := os.Stat(backup); err != nil {
		t.Errorf("a directory of others: %v", err)
	}
}
