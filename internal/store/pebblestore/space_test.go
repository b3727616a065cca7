package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestBallastStays(t *testing.T) {
	d := &disk{vfs.NewMem(), 10 << 30}
	now := time.UnixMilli(1)
	s := &space{fs: d, dir: ""}
	s.look(now)
	made, err := d.Stat(ballastName)
	if err != nil || made.Size() != maxBallast {
		t.Fatal(made, err)
	}
	again := &space{fs: d, dir: ""}
	again.look(now)
	if kept, err := d.Stat(ballastName); err != nil || !kept.ModTime().Equal(made.ModTime()) {
		t.Errorf("written again: %v", err)
	}
	if !again.ballast {
		t.Error("not known")
	}
	// One that a crash left half made.
	f, err := d.Create(ballastName, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	(&space{fs: d, dir: ""}).look(now)
	if whole, err := d.Stat(ballastName); err != nil || whole.Size() != maxBallast {
		t.Errorf("half a ballast: %v, %v", whole.Size(), err)
	}
}
