package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

// filled makes a store on the machine's disk with something of everything.
func filled(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ctx := t.Context()
	key, err := s.Keys().Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Partition("p").Update(ctx, func(tx store.Tx) error { tx.Set([]byte("k"), []byte("v")); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		l, err := s.CreateLog(ctx, fmt.Sprint("log", i))
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			var b store.Block
			b.Key = map[bool]store.KeyID{true: key}[i == 1]
			for range 10 {
				b.Add([]byte(strings.Repeat("x", 1000)))
			}
			done := make(chan error, 1)
			l.Append(&b, func(_ store.Appended, err error) { done <- err })
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	w, err := s.Blobs().Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte(strings.Repeat("y", 100_000)))
	if _, commitErr := w.Commit(); err != nil || commitErr != nil {
		t.Fatal(err, commitErr)
	}
	return s
}

// examine runs Doctor and returns what it found.
func examine(t *testing.T, dir string) ([]Finding, Checked) {
	t.Helper()
	var found []Finding
	checked, err := Doctor(t.Context(), Options{Dir: dir}, func(f Finding) { found = append(found, f) }, func(Checked) {})
	if err != nil {
		t.Fatal(err)
	}
	return found, checked
}

func TestBackupOfARunningStoreIsWhole(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, filepath.Join(dir, "data"))
	backup, restored := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), backup); !errors.Is(err, store.ErrExists) {
		t.Errorf("over a backup: %v", err)
	}
	if err := Restore(t.Context(), backup, restored, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), backup, restored, RestoreOptions{}); !errors.Is(err, store.ErrExists) {
		t.Errorf("over data: %v", err)
	}
	found, checked := examine(t, restored)
	if len(found) > 0 || checked.Logs != 3 || checked.Records != 600 || checked.Blobs != 1 || checked.Rows == 0 {
		t.Errorf("found %+v, checked %+v", found, checked)
	}
	again, err := Open(Options{Dir: restored, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	l, err := again.OpenLog(t.Context(), "log1")
	if err != nil {
		t.Fatal(err)
	}
	var page store.Page
	if err := l.Read(t.Context(), 0, store.Limit{}, &page); err != nil || len(page.Records) != 200 || !page.Records[0].Sealed {
		t.Errorf("%d records, %v", len(page.Records), err)
	}
}

func TestDoctorNamesWhatIsDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := filled(t, dir)
	if err := s.db.Flush(); err != nil { // into a table
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found, _ := examine(t, dir); len(found) != 0 {
		t.Fatalf("undamaged: %+v", found)
	}
	flip := func(pattern string, at float64) (undo func()) {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		name := names[0]
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		damaged := []byte(string(whole))
		damaged[int(float64(len(damaged))*at)] ^= 4
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.WriteFile(name, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		pattern string
		at      float64
		where   string
	}{
		"a table":      {"pebble/*.sst", 0.4, "log log"},
		"a blob":       {"blobs/*.blob", 0.5, "blob "},
		"the format":   {"FORMAT", 0, "FORMAT"},
		"the manifest": {"pebble/MANIFEST-*", 0.2, "pebble"},
	} {
		undo := flip(c.pattern, c.at)
		found, _ := examine(t, dir)
		if len(found) == 0 || !strings.Contains(found[0].Where, c.where) {
			t.Errorf("%s: found %+v", name, found)
		}
		undo()
	}
}
