package pebblestore

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/store"
)

// Format is the number of the layout that this release writes. A release opens
// the data of every one before it (docs/format/store.md lists them).
const Format = 1

const formatName = "FORMAT"

// ErrNewerFormat says that a later release wrote the data directory.
var ErrNewerFormat = errors.New("the data directory is of a newer format")

// checkFormat reads the format of a data directory. One without the file gets it
// where it holds no database yet; otherwise it is none of ours.
func checkFormat(fs vfs.FS, dir string) error {
	path := fs.PathJoin(dir, formatName)
	text, err := readFile(fs, path)
	if err == nil {
		return checkFormatNumber(path, text)
	} else if !errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	names, err := fs.List(fs.PathJoin(dir, "pebble"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, "marker.") {
			return fmt.Errorf("%w: %s is missing beside a database", store.ErrCorrupt, path)
		}
	}
	return writeFile(fs, dir, formatName, []byte(strconv.Itoa(Format)+"\n"))
}

// FormatOf returns the format of a data directory, at most Format. The error
// says that the directory is none of ours, or damaged (store.ErrCorrupt), or
// ErrNewerFormat.
func FormatOf(dir string) (int, error) {
	path := vfs.Default.PathJoin(dir, formatName)
	text, err := readFile(vfs.Default, path)
	if errors.Is(err, iofs.ErrNotExist) {
		return 0, fmt.Errorf("%s is no data directory: %w", dir, err)
	} else if err != nil {
		return 0, err
	}
	if err := checkFormatNumber(path, text); err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// checkFormatNumber tells whether this release knows the format that FORMAT names.
func checkFormatNumber(path string, text []byte) error {
	number := strings.TrimSpace(string(text))
	if number == unfinished {
		return fmt.Errorf("%w: %s says that the backup or restore that filled the directory did not end; remove the directory and do it again", store.ErrCorrupt, path)
	}
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1:
		return fmt.Errorf("%w: %s holds %.40q, not a format's number", store.ErrCorrupt, path, text)
	case n > Format:
		return fmt.Errorf("%w: %s says %d, this release knows %d; start a release that does", ErrNewerFormat, path, n, Format)
	}
	return nil
}

// writeFile makes a file, durably and whole.
func writeFile(fs vfs.FS, dir, name string, b []byte) error {
	temporary := fs.PathJoin(dir, name+".new")
	f, err := fs.Create(temporary, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(temporary, fs.PathJoin(dir, name)); err != nil {
		return err
	}
	return syncDir(fs, dir)
}
