package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// TestReadsWhileATrimIsNotDurable: what a trim is about to remove is not taken
// for damage by a read that comes before the trim is durable.
func TestReadsWhileATrimIsNotDurable(t *testing.T) {
	ctx := t.Context()
	e := open(t, vfs.NewMem(), clock.NewFake(time.Unix(1e9, 0)))
	l, err := e.s.CreateLog(ctx, "l")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b := new(store.Block)
		b.Add([]byte("record"))
		done := make(chan error, 1)
		l.Append(b, func(_ store.Appended, err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	e.HoldSync()
	trimmed := make(chan error, 1)
	go func() { trimmed <- l.Trim(ctx, 1) }()
	e.AwaitHeld()
	page := new(store.Page)
	if err := l.Read(ctx, 0, store.Limit{}, page); err != nil || len(page.Records) == 0 || page.Records[len(page.Records)-1].Position != 1 {
		t.Errorf("%d records, %v", len(page.Records), err)
	}
	e.ReleaseSync()
	if err := <-trimmed; err != nil {
		t.Fatal(err)
	}
	if problems := e.s.Health(); len(problems) > 0 {
		t.Errorf("health tells of %v", problems)
	}
}
