package pebblestore

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

func TestBlobsStopGrowingOnAFullDisk(t *testing.T) {
	s := open(t, vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1)))
	ctx := t.Context()
	w, err := s.s.Blobs().Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	freeing, err := s.s.Blobs().Create(store.Freeing(ctx))
	if err != nil {
		t.Fatal(err)
	}
	s.SetNoSpace(true)
	if n, err := w.Write([]byte("two")); n != 0 || !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("write: %d, %v", n, err)
	}
	if _, err := w.Commit(); !errors.Is(err, store.ErrNoSpace) {
		t.Errorf("commit: %v", err)
	}
	if _, err := freeing.Write([]byte("x")); err != nil {
		t.Errorf("what frees space: %v", err)
	}
	if _, err := freeing.Commit(); err != nil {
		t.Errorf("what frees space: %v", err)
	}
	s.SetNoSpace(false)
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.s.Blobs().Open(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Size() != 3 {
		t.Errorf("%d bytes, of what was refused too", r.Size())
	}
}
