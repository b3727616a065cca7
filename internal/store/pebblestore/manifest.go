package pebblestore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/store"
)

// checkManifest refuses a database whose manifest is damaged. Pebble ends its
// reading at a record that it cannot read, as if the rest had never been written,
// and would remove the tables that it does not know then. It also makes a new
// database where the file is gone that names the manifest.
//
// A crash while the manifest is written leaves a last record that is torn, and
// nothing behind it: that is no damage. What cannot be told from it is damage of
// the last record itself.
func checkManifest(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	const marker = "marker.manifest."
	newest, manifest, written := "", "", ""
	for _, name := range names {
		// marker.manifest.000001.MANIFEST-000001: the one of the highest number holds.
		if strings.HasPrefix(name, marker) && name > newest {
			newest = name
			_, manifest, _ = strings.Cut(name[len(marker):], ".")
		}
		if strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".log") {
			written = name
		}
	}
	switch {
	case newest == "" && written == "":
		return nil // a new database
	case newest == "":
		return fmt.Errorf("%w: %s is there, but no file %s* that names the manifest", store.ErrCorrupt, fs.PathJoin(dir, written), marker)
	}
	path := fs.PathJoin(dir, manifest)
	f, err := fs.Open(path)
	if err != nil {
		return fmt.Errorf("%w: manifest: %w", store.ErrCorrupt, err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("read manifest %s: %w", path, err)
	}
	if at, ok := readable(b); !ok && chunkAfter(b, at) {
		return fmt.Errorf("%w: manifest %s, at byte %d of %d", store.ErrCorrupt, path, at, len(b))
	}
	return nil
}

// readable reads all records of a manifest, and returns where the first one is
// that cannot be read.
func readable(b []byte) (at int, ok bool) {
	r := record.NewReader(strings.NewReader(string(b)), 0)
	for {
		at = int(r.Offset())
		rec, err := r.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, rec)
		}
		if err != nil {
			return at, err == io.EOF
		}
	}
}

// A chunk of a manifest: checksum, length, type 1 to 4, and the payload.
const chunkHead = 4 + 2 + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkAfter reports whether a whole chunk lies anywhere beyond a place.
func chunkAfter(b []byte, at int) bool {
	for i := at + 1; i+chunkHead < len(b); i++ {
		n, kind := int(binary.LittleEndian.Uint16(b[i+4:])), b[i+6]
		if n == 0 || kind < 1 || kind > 4 || i+chunkHead+n > len(b) {
			continue
		}
		sum := crc32.Checksum(b[i+6:i+chunkHead+n], castagnoli)
		if sum = sum>>15 | sum<<17; sum+0xa282ead8 == binary.LittleEndian.Uint32(b[i:]) {
			return true
		}
	}
	return false
}
