package pebblestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

// sumsName is the file that names every other file of a backup and its SHA-256,
// in the form of the tool sha256sum: with `-c` in the backup's directory it checks
// one as Restore does.
const sumsName = "SHA256SUMS"

// sums are checksums in hexadecimal by the path of the file in the backup, with
// slashes.
type sums map[string]string

// writeSums reads the files of a directory and writes their checksums. FORMAT,
// which is not as it will be, is given; ended tells why it should not go on.
func writeSums(ended func() error, fs vfs.FS, dir string, format []byte) error {
	paths, err := backedUp(fs, dir)
	if err != nil {
		return err
	}
	all := sums{formatName: sumOf(format)}
	for _, path := range paths {
		f, err := fs.Open(fs.PathJoin(dir, path), vfs.SequentialReadsOption)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, endingReader{ended, f})
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		all[path] = hex.EncodeToString(h.Sum(nil))
	}
	var b bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s  %s\n", all[path], path)
	}
	return writeFile(fs, dir, sumsName, b.Bytes())
}

// readSums returns the checksums of a backup, ErrCorrupt where they are none.
func readSums(filesystem vfs.FS, dir string) (sums, error) {
	path := filesystem.PathJoin(dir, sumsName)
	b, err := readFile(filesystem, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing, by which the files are verified", store.ErrCorrupt, path)
	} else if err != nil {
		return nil, err
	}
	all := sums{}
	for line := range strings.Lines(string(b)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(sum) != 2*sha256.Size || !isBackedUp(name) {
			return nil, fmt.Errorf("%w: %s has the line %q", store.ErrCorrupt, path, line)
		}
		all[name] = sum
	}
	if all[formatName] == "" {
		return nil, fmt.Errorf("%w: %s does not name %s", store.ErrCorrupt, path, formatName)
	}
	return all, nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// isBackedUp reports whether a path is one of a file in a backup, and no other
// place of the machine.
func isBackedUp(path string) bool {
	folder, name, nested := strings.Cut(path, "/")
	if !nested {
		return path == masterKeyName || path == formatName
	}
	return (folder == "pebble" || folder == "blobs") && name != "" && name != "." && name != ".." && !strings.ContainsAny(name, `/\`)
}

// backedUp returns the paths of the files that are in a backup, FORMAT and the
// checksums apart. A folder that is missing has none.
func backedUp(filesystem vfs.FS, dir string) ([]string, error) {
	var paths []string
	for _, folder := range []string{"pebble", "blobs"} {
		names, err := filesystem.List(filesystem.PathJoin(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, name := range names {
			if name != "LOCK" {
				paths = append(paths, folder+"/"+name)
			}
		}
	}
	if _, err := filesystem.Stat(filesystem.PathJoin(dir, masterKeyName)); err == nil {
		paths = append(paths, masterKeyName)
	}
	return paths, nil
}
