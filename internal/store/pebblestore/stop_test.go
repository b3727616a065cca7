package pebblestore

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

// compactionFS holds the first file of a compaction back until it is let go, and counts
// the later ones.
type compactionFS struct {
	vfs.FS
	held, goOn chan struct{}
	once       sync.Once
	later      *int
}

// Create implements vfs.FS.
func (f *compactionFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if category == compactionWrites {
		first := false
		f.once.Do(func() { first = true })
		if first {
			close(f.held)
			<-f.goOn
		} else {
			*f.later++
		}
	}
	return f.FS.Create(name, category)
}

// TestCloseEndsCompactions closes a store in the middle of a compaction of many
// tables: it makes no more of them, and nothing is lost.
func TestCloseEndsCompactions(t *testing.T) {
	later := 0
	fs := &compactionFS{FS: vfs.NewMem(), held: make(chan struct{}), goOn: make(chan struct{}), later: &later}
	o := Options{Dir: "data", FS: fs, MasterKey: make([]byte, 32), tune: func(o *pebble.Options) {
		o.TargetFileSizes[0], o.FlushSplitBytes = 1<<10, 1<<20
	}}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	const logs, rounds = 20, 4
	for round := range rounds {
		for i := range logs {
			l, err := s.CreateLog(t.Context(), fmt.Sprint("log", i))
			if errors.Is(err, store.ErrExists) {
				l, err = s.OpenLog(t.Context(), fmt.Sprint("log", i))
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := <-appendOne(l, round); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	<-fs.held
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.closing
	close(fs.goOn)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if later != 0 {
		t.Errorf("compactions made %d more files after the store began to close", later)
	}
	if s, err = Open(o); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range logs {
		l, err := s.OpenLog(t.Context(), fmt.Sprint("log", i))
		if err != nil {
			t.Fatal(err)
		}
		page := new(store.Page)
		if err := l.Read(t.Context(), 0, store.Limit{}, page); err != nil || len(page.Records) != rounds {
			t.Errorf("log %d: %d records, %v", i, len(page.Records), err)
		}
	}
}
