package crash

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exitDamage is the exit status of a doctor that found some (docs/ops).
const exitDamage = 4

// ailment is one kind of damage.
type ailment struct {
	name string
	// harm damages a directory and returns what the doctor must name.
	harm func(t *testing.T, data string) (named string)
	// refused is what a server says that does not start; "" where it must start,
	// and serve what is elsewhere.
	refused string
	status  int // of the doctor
}

// largest returns the largest file of a pattern.
func largest(t *testing.T, data, pattern string) string {
	t.Helper()
	best := ""
	for _, name := range files(t, filepath.Join(data, pattern)) {
		if best == "" || size(t, name) > size(t, best) {
			best = name
		}
	}
	return best
}

func truncate(t *testing.T, name string) {
	t.Helper()
	if err := os.Truncate(name, size(t, name)/2); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, pattern string) {
	t.Helper()
	for _, name := range files(t, pattern) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var ailments = []ailment{
	{name: "bit of a table", status: exitDamage, harm: func(t *testing.T, data string) string {
		table := largest(t, data, "pebble/*.sst")
		flip(t, table, size(t, table)/2)
		return "position"
	}},
	{name: "truncated table", status: exitDamage, refused: ".sst", harm: func(t *testing.T, data string) string {
		table := largest(t, data, "pebble/*.sst")
		truncate(t, table)
		return filepath.Base(table)
	}},
	// Pebble names a table by its number.
	{name: "missing table", status: exitDamage, refused: "file does not exist", harm: func(t *testing.T, data string) string {
		table := largest(t, data, "pebble/*.sst")
		remove(t, table)
		return strings.TrimSuffix(filepath.Base(table), ".sst")
	}},
	// It may seem to have been cut off by a crash; then it tells of tables that are
	// no more.
	{name: "truncated manifest", status: exitDamage, refused: "file does not exist", harm: func(t *testing.T, data string) string {
		truncate(t, largest(t, data, "pebble/MANIFEST-*"))
		return "(type sstable)"
	}},
	{name: "missing manifest", status: exitDamage, refused: "MANIFEST", harm: func(t *testing.T, data string) string {
		remove(t, filepath.Join(data, "pebble", "MANIFEST-*"))
		return "MANIFEST"
	}},
	{name: "missing marker", status: exitDamage, refused: "marker.manifest", harm: func(t *testing.T, data string) string {
		remove(t, filepath.Join(data, "pebble", "marker.manifest.*"))
		return "marker.manifest"
	}},
	{name: "bit of the write-ahead log", status: exitDamage, refused: "pebble", harm: func(t *testing.T, data string) string {
		// What is within the last 300 KB of the newest may be taken for torn.
		all := files(t, filepath.Join(data, "pebble", "*.log"))
		wal := all[len(all)-1]
		if size(t, wal) < 600<<10 {
			t.Fatalf("%s has %d bytes", wal, size(t, wal))
		}
		flip(t, wal, size(t, wal)/8)
		return "pebble"
	}},
	{name: "missing FORMAT", status: 1, refused: "FORMAT is missing", harm: func(t *testing.T, data string) string {
		remove(t, filepath.Join(data, "FORMAT"))
		return "FORMAT"
	}},
	{name: "newer FORMAT", status: exitDamage, refused: "start a release that does", harm: func(t *testing.T, data string) string {
		overwrite(t, filepath.Join(data, "FORMAT"), "2\n")
		return "FORMAT says 2"
	}},
	{name: "damaged blob", status: exitDamage, harm: func(t *testing.T, data string) string {
		flip(t, largest(t, data, "blobs/*"), 100)
		return "blob 000102030405060708090a0b0c0d0e0f"
	}},
	{name: "another master key", status: 1, refused: "the master key does not open", harm: func(t *testing.T, data string) string {
		overwrite(t, filepath.Join(data, "master.key"), strings.Repeat("7", 64)+"\n")
		return "the master key does not open"
	}},
}

// TestDoctor damages each thing that a data directory consists of in turn. The
// doctor must find it and name it, and a server must refuse the directory, or
// serve what is elsewhere and nothing that was not there (docs/ops/storage.md).
func TestDoctor(t *testing.T) {
	k := newKilledSite(t)
	addBlob(t, filepath.Join(k.data, "blobs"))
	t.Run("whole", func(t *testing.T) {
		s := k.clone(t)
		if status, said := s.command("doctor"); status != 0 || !strings.Contains(said, "; 0 findings") {
			t.Errorf("exit status %d\n%s", status, said)
		}
	})
	for _, a := range ailments {
		t.Run(a.name, func(t *testing.T) {
			s := k.clone(t)
			named := a.harm(t, s.data)
			status, said := s.command("doctor")
			if status != a.status || !strings.Contains(said, named) || status == exitDamage != strings.Contains(said, "damaged: ") {
				t.Errorf("the doctor ends with %d, want %d, and says, without %q:\n%.3000s", status, a.status, named, said)
			}
			srv, err := s.tryStart()
			if err == nil {
				defer srv.Kill()
			}
			switch {
			case err == nil && a.refused != "":
				t.Error("a server starts")
			case err == nil:
				t.Logf("unreadable: %v", k.look(t, srv.client()))
			case a.refused == "":
				t.Errorf("a server does not start: %v", err)
			default:
				wantNamed(t, a.name, err.Error(), a.refused)
			}
		})
	}
}

// addBlob stores a large object, of which Kinesis has none, as docs/format/blob.md
// lays it down: one chunk.
func addBlob(t *testing.T, dir string) {
	t.Helper()
	const id = "000102030405060708090a0b0c0d0e0f"
	sum := func(parts ...[]byte) uint32 {
		return crc32.Checksum(bytes.Join(parts, nil), crc32.MakeTable(crc32.Castagnoli))
	}
	object, version := bytes.Repeat([]byte("millrace"), 1000), []byte{1}
	size := binary.BigEndian.AppendUint64(nil, uint64(len(object)))
	text := append(version, object...)
	text = binary.BigEndian.AppendUint32(text, sum(make([]byte, 8), object))
	text = append(text, size...)
	text = binary.BigEndian.AppendUint32(text, sum(size, version))
	overwrite(t, filepath.Join(dir, id+".blob"), string(text))
}
