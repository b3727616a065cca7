package pebblestore

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// badBlock says of its first record that it is longer than the block.
var badBlock = []byte{blockVersion, 0, 0x7f}

// keyAt returns the key of the block that holds a record.
func keyAt(t *testing.T, l *log, at store.Position) []byte {
	t.Helper()
	c, err := l.cursor(at, l.State().Next)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.locate(at); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(c.it.Key())
}

// Damage implements storetest.Damager.
func (e *engine) Damage(t *testing.T, name string, at store.Position) {
	t.Helper()
	l, err := e.s.OpenLog(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.s.db.Set(keyAt(t, l.(*log), at), badBlock, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// A read of a block that is damaged, or not there, tells the positions that it
// knows of; those behind them can be read.
func TestDamageIsToldByPositions(t *testing.T) {
	s, err := Open(Options{Dir: "data", FS: vfs.NewCrashableMem(), Clock: clock.NewFake(time.UnixMilli(1)), MinFreeBytes: -1, MasterKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	opened, err := s.CreateLog(t.Context(), "l")
	if err != nil {
		t.Fatal(err)
	}
	l := opened.(*log)
	for range 3 {
		var b store.Block
		b.Add([]byte("x"))
		b.Add([]byte("y"))
		done := make(chan error, 1)
		l.Append(&b, func(_ store.Appended, err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	first, second := keyAt(t, l, 0), keyAt(t, l, 2)
	if err := errors.Join(s.db.Delete(first, pebble.Sync), s.db.Set(second, badBlock, pebble.Sync)); err != nil {
		t.Fatal(err)
	}
	for at, next := range map[store.Position]store.Position{0: 2, 1: 2, 2: 4, 3: 4} {
		err := l.Read(t.Context(), at, store.Limit{}, new(store.Page))
		damage, ok := errors.AsType[*store.DamageError](err)
		if !ok || !errors.Is(err, store.ErrCorrupt) || damage.First > at || damage.Next != next {
			t.Errorf("read at %d: %#v, want an end at %d", at, err, next)
		}
	}
	var page store.Page
	if err := l.Read(t.Context(), 4, store.Limit{}, &page); err != nil || len(page.Records) != 2 {
		t.Errorf("behind the damage: %d records, %v", len(page.Records), err)
	}
}
