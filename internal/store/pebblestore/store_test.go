package pebblestore

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestASecondOpenSaysWhatToDo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	filled(t, dir)
	_, err := Open(Options{Dir: dir, MinFreeBytes: -1})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second open: %v", err)
	}
	if _, err := Doctor(t.Context(), Options{Dir: dir}, func(Finding) {}, func(Checked) {}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("doctor: %v", err)
	}
}
