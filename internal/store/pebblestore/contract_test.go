package pebblestore

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Engine {
		return open(t, vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1790000000000)))
	})
}

// engine is a store on a disk in memory, of which syncs of the write-ahead log
// can be held or fail.
type engine struct {
	s    *Store
	c    *clock.Fake
	fs   *vfs.MemFS
	gate *gate
}

// open opens the store on a file system.
func open(t *testing.T, fs *vfs.MemFS, c *clock.Fake) *engine {
	t.Helper()
	g := &gate{}
	g.cond.L = &g.mu
	s, err := Open(Options{Dir: "data", FS: gatedFS{fs, g}, Clock: c, MasterKey: make([]byte, 32), Fatal: func(error) {}, MinFreeBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{s, c, fs, g}
	t.Cleanup(func() {
		e.ReleaseSync()
		if !s.failed.Load() { // the process would have ended
			s.Close()
		}
	})
	return e
}

func (e *engine) Store() store.Store { return e.s }
func (e *engine) Clock() *clock.Fake { return e.c }

func (e *engine) Reopen(t *testing.T) storetest.Engine {
	if err := e.s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, e.fs, e.c)
}

func (e *engine) CrashClone(t *testing.T, percent int, seed uint64) storetest.Engine {
	return open(t, e.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))}), e.c)
}

func (e *engine) HoldSync()                  { e.gate.set(func(g *gate) { g.hold = true }) }
func (e *engine) ReleaseSync()               { e.gate.set(func(g *gate) { g.hold = false }) }
func (e *engine) InjectWriteError(err error) { e.gate.set(func(g *gate) { g.fail = err }) }

func (e *engine) AwaitHeld() {
	e.gate.mu.Lock()
	defer e.gate.mu.Unlock()
	for e.gate.held == 0 {
		e.gate.cond.Wait()
	}
}

func (e *engine) SetNoSpace(low bool) {
	if low {
		e.s.space.low.Store(&lowSpace{})
	} else {
		e.s.space.low.Store(nil)
	}
}

// gate is where syncs wait or fail.
type gate struct {
	mu   sync.Mutex
	cond sync.Cond
	hold bool
	held int // syncs at the gate
	fail error
}

func (g *gate) set(f func(g *gate)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
	g.cond.Broadcast()
}

func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.fail; err != nil {
		g.fail = nil
		return err
	}
	g.held++
	g.cond.Broadcast()
	for g.hold {
		g.cond.Wait()
	}
	g.held--
	return nil
}

// gatedFS has the syncs of write-ahead logs pass the gate.
type gatedFS struct {
	vfs.FS
	gate *gate
}

func (f gatedFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, c)
	return f.gated(name, file, err)
}

func (f gatedFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.ReuseForWrite(old, name, c)
	return f.gated(name, file, err)
}

func (f gatedFS) gated(name string, file vfs.File, err error) (vfs.File, error) {
	if err != nil || !strings.HasSuffix(name, ".log") {
		return file, err
	}
	return gatedFile{file, f.gate}, nil
}

type gatedFile struct {
	vfs.File
	gate *gate
}

func (f gatedFile) Sync() error {
	if err := f.gate.pass(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f gatedFile) SyncData() error {
	if err := f.gate.pass(); err != nil {
		return err
	}
	return f.File.SyncData()
}
