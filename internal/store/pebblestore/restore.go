package pebblestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

// RestoreOptions says how a backup is restored. Nil functions are skipped.
type RestoreOptions struct {
	// AcceptDamage restores what is there of a damaged backup. Without it nothing
	// is restored then.
	AcceptDamage bool
	// Damaged is told of each file that is not as it was backed up.
	Damaged func(Finding)
	// Progress is told after each file how many bytes of how many were read.
	Progress func(read, total int64)
}

// Restore copies a backup to a data directory that is not there yet or is empty,
// and verifies each file as it was read. The backup stays as it is. Where a file is
// damaged, missing or strange, all that are so are told and the error wraps
// store.ErrCorrupt. A call that fails, or whose ctx ends, removes what it made;
// what a crash leaves is opened by no server. It copies what Backup made and
// nothing else that may lie there.
func Restore(ctx context.Context, from, to string, o RestoreOptions) error {
	r := restorer{ctx: ctx, from: from, to: to, o: o}
	if err := r.restore(); err != nil {
		return fmt.Errorf("restore %s to %s: %w", from, to, err)
	}
	return nil
}

type restorer struct {
	ctx      context.Context
	from, to string
	o        RestoreOptions
	sums     sums // nil where the backup has none that can be read
	damaged  int
}

// hostFS is where backups are restored.
var hostFS = privateFS{vfs.Default}

func (r *restorer) restore() (err error) {
	format, err := r.look()
	if err != nil {
		return err
	}
	names, err := hostFS.List(r.to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: the directory is not empty", store.ErrExists)
	}
	made := err != nil
	defer func() {
		if err != nil {
			err = errors.Join(err, removeCopy(hostFS, r.to, made))
		}
	}()
	if err := beginCopy(hostFS, r.to); err != nil {
		return err
	}
	if err := r.copyAll(); err != nil {
		return err
	}
	if r.damaged > 0 && !r.o.AcceptDamage {
		return fmt.Errorf("%w: %d files of the backup are not as they were backed up; nothing was restored", store.ErrCorrupt, r.damaged)
	}
	return writeFile(hostFS, r.to, formatName, format)
}

// look reads what tells whether this is a backup, and returns its FORMAT.
func (r *restorer) look() (format []byte, err error) {
	path := filepath.Join(r.from, formatName)
	if format, err = readFile(hostFS, path); err != nil {
		return nil, fmt.Errorf("it is no backup: %w", err)
	}
	if r.sums, err = readSums(hostFS, r.from); errors.Is(err, store.ErrCorrupt) {
		r.found(sumsName, err.Error())
	} else if err != nil {
		return nil, err
	}
	if r.sums != nil && r.sums[formatName] != sumOf(format) && checkFormatNumber(path, format) == nil {
		r.found(formatName, "it is damaged")
	}
	return format, checkFormatNumber(path, format)
}

func (r *restorer) copyAll() error {
	paths, err := backedUp(hostFS, r.from)
	if err != nil {
		return err
	}
	paths = slices.AppendSeq(paths, maps.Keys(r.sums))
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for _, folder := range []string{"pebble", "blobs"} {
		if err := makeDir(hostFS, filepath.Join(r.to, folder)); err != nil {
			return err
		}
	}
	var read, total int64
	for _, path := range paths {
		if info, err := os.Stat(filepath.Join(r.from, path)); err == nil {
			total += info.Size()
		}
	}
	for _, path := range paths {
		if path == formatName {
			continue
		}
		n, err := r.copy(path)
		if err != nil {
			return err
		}
		read += n
		if r.o.Progress != nil {
			r.o.Progress(read, total)
		}
	}
	for _, folder := range []string{"pebble", "blobs"} {
		if err := syncDir(hostFS, filepath.Join(r.to, folder)); err != nil {
			return err
		}
	}
	return nil
}

// copy copies and verifies a file, as far as it can be read.
func (r *restorer) copy(path string) (n int64, err error) {
	in, err := os.Open(filepath.Join(r.from, path))
	if errors.Is(err, fs.ErrNotExist) {
		r.found(path, "it is missing")
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(r.to, path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	h := sha256.New()
	source := &sourceReader{Reader: in}
	n, err = io.Copy(io.MultiWriter(out, h), endingReader{r.ctx.Err, source})
	if source.err != nil { // of the disk: what else is there can be had
		r.found(path, source.err.Error())
		err = nil
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil || source.err != nil {
		return n, err
	}
	switch sum := hex.EncodeToString(h.Sum(nil)); {
	case r.sums == nil || r.sums[path] == sum:
	case r.sums[path] == "":
		r.found(path, "it was not backed up: "+sumsName+" does not name it")
	default:
		r.found(path, fmt.Sprintf("it is damaged: its SHA-256 is %s, and was %s", sum, r.sums[path]))
	}
	return n, nil
}

func (r *restorer) found(path, problem string) {
	r.damaged++
	if r.o.Damaged != nil {
		r.o.Damaged(Finding{Where: filepath.Join(r.from, path), Problem: problem})
	}
}

// sourceReader keeps the error that reading met, to tell it from one of writing.
type sourceReader struct {
	io.Reader
	err error
}

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
