package pebblestore

import (
	"errors"
	"io/fs"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// noFiles is a file system on which no file can be made.
type noFiles struct{ vfs.FS }

func (noFiles) Create(string, vfs.DiskWriteCategory) (vfs.File, error) { return nil, fs.ErrInvalid }

func (noFiles) ReuseForWrite(string, string, vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, fs.ErrInvalid
}

func TestNoFileForTheLogEndsTheProcess(t *testing.T) {
	var deaths []error
	s := &Store{logger: slog.New(slog.DiscardHandler), fatal: func(err error) { deaths = append(deaths, err) }}
	o := &pebble.Options{FS: noFiles{vfs.NewMem()}}
	opened := s.dieWithoutLog(o)
	try := func(name string) {
		if _, err := o.FS.Create(name, vfs.WriteCategoryUnspecified); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("make %s: %v", name, err)
		}
	}
	try("000001.log") // Open returns it
	opened()
	try("000002.sst") // background work tries again
	if len(deaths) != 0 {
		t.Fatalf("the process ended with %v", deaths)
	}
	if _, err := o.FS.ReuseForWrite("000001.log", "000003.log", vfs.WriteCategoryUnspecified); err == nil || len(deaths) != 1 || !errors.Is(deaths[0], fs.ErrInvalid) {
		t.Errorf("%v; the process ended with %v", err, deaths)
	}
}
