package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/store"
)

// TestDamagedManifestIsRefused flips each byte of a manifest in turn. Only
// damage of the last record may be taken for a torn write.
func TestDamagedManifestIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open(Options{Dir: "data", FS: fs, MinFreeBytes: -1, MasterKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if _, err := s.CreateLog(t.Context(), fmt.Sprint("log", i)); err != nil {
			t.Fatal(err)
		}
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := fs.List("data/pebble")
	if err != nil {
		t.Fatal(err)
	}
	manifest, marker := "", ""
	for _, name := range names {
		if strings.HasPrefix(name, "MANIFEST-") {
			manifest = "data/pebble/" + name
		}
		if strings.HasPrefix(name, "marker.manifest.") {
			marker = "data/pebble/" + name
		}
	}
	f, err := fs.Open(manifest)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		t.Helper()
		f, err := fs.Create(manifest, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	last := 0 // where the last record begins
	for n := len(whole) - 1; n > 0; n-- {
		if at, ok := readable(whole[:n]); !ok {
			last = at
			break
		}
	}
	for i := range whole {
		b := append([]byte(nil), whole...)
		b[i] ^= 0x10
		write(b)
		err := checkManifest(fs, "data/pebble")
		switch {
		case i < last && (!errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), manifest)):
			t.Fatalf("byte %d of %d changed: %v", i, len(whole), err)
		case i >= last && err != nil:
			t.Fatalf("byte %d changed, in the last record from %d on: %v", i, last, err)
		}
	}
	for n := last; n <= len(whole); n++ {
		write(whole[:n])
		if err := checkManifest(fs, "data/pebble"); err != nil {
			t.Fatalf("torn after byte %d of %d: %v", n, len(whole), err)
		}
	}
	if err := fs.Remove(marker); err != nil {
		t.Fatal(err)
	}
	if err := checkManifest(fs, "data/pebble"); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("without a marker: %v", err)
	}
	if _, err := Open(Options{Dir: "data", FS: fs, MinFreeBytes: -1, MasterKey: make([]byte, 32)}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("opened without a marker: %v", err)
	}
}
