package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

// makeBackup makes a backup that holds one blob, and returns its directory.
func makeBackup(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := pebblestore.Open(pebblestore.Options{Dir: filepath.Join(dir, "data"), MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Blobs().Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	err = s.Partition("p").Update(t.Context(), func(tx store.Tx) error { tx.Set([]byte("k"), nil); return nil })
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(dir, "backup")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	return backup
}

func TestRestoreOfADamagedBackupIsAPersonsDecision(t *testing.T) {
	backup := makeBackup(t)
	data := filepath.Join(t.TempDir(), "restored")
	run := func(args ...string) (status int, out, said string) {
		var stdout, stderr bytes.Buffer
		e := &Env{Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
		status = Main(append([]string{"admin", "restore", "--data", data, backup}, args...), e)
		return status, stdout.String(), stderr.String()
	}
	blobs, err := filepath.Glob(filepath.Join(backup, "blobs", "*"))
	if err != nil || len(blobs) != 1 {
		t.Fatal(blobs, err)
	}
	if err := os.Remove(blobs[0]); err != nil {
		t.Fatal(err)
	}
	if status, _, said := run(); status != exitDamage || !strings.Contains(said, blobs[0]) || !strings.Contains(said, "--damaged") {
		t.Errorf("status %d, said %q", status, said)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("something was restored: %v", err)
	}
	if status, out, said := run("--damaged"); status != exitDamage || !strings.Contains(out, "restored to") || !strings.Contains(said, blobs[0]) {
		t.Errorf("with --damaged: status %d, %q, said %q", status, out, said)
	}
	s, err := pebblestore.Open(pebblestore.Options{Dir: data, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRestoreOfAWholeBackup(t *testing.T) {
	var stdout, stderr bytes.Buffer
	e := &Env{Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	status := Main([]string{"admin", "restore", "--data", filepath.Join(t.TempDir(), "restored"), makeBackup(t)}, e)
	if status != 0 || !strings.Contains(stdout.String(), "restored to") || stderr.Len() > 0 {
		t.Errorf("status %d, %q, said %q", status, &stdout, &stderr)
	}
}
