package pebblestore

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/storetest"
)

type engine struct {
	t  *testing.T
	s  *Store
	c  *clock.Fake
	fs *vfs.MemFS
}

func (e *engine) Store() store.Store { return e.s }
func (e *engine) Clock() *clock.Fake { return e.c }

// open opens the store on a file system.
func open(t *testing.T, fs *vfs.MemFS, c *clock.Fake) *engine {
	s, err := Open(Options{Dir: "data", FS: fs, Clock: c, MasterKey: make([]byte, 32), Fatal: func(error) {}, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{t, s, c, fs}
	t.Cleanup(func() { s.Close() })
	return e
}
func (e *engine) Reopen(t *testing.T) storetest.Engine {
	if err := e.s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, e.fs, e.c)
}
func (e *engine) CrashClone(t *testing.T, percent int, seed uint64) storetest.Engine {
	fs := e.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
	return open(t, fs, e.c)
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Engine {
		return open(t, vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1790000000000)))
	})
}
