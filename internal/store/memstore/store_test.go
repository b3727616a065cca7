package memstore

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/storetest"
)

// engine makes the hooks of storetest of a Store.
type engine struct {
	store *Store
	clock *clock.Fake
}

func newEngine(t *testing.T, s *Store, c *clock.Fake) storetest.Engine {
	t.Cleanup(func() { s.Close() })
	return engine{s, c}
}

func (e engine) Store() store.Store                   { return e.store }
func (e engine) Clock() *clock.Fake                   { return e.clock }
func (e engine) HoldSync()                            { e.store.Hold() }
func (e engine) AwaitHeld()                           { e.store.AwaitInFlight(context.Background(), 1) }
func (e engine) ReleaseSync()                         { e.store.Release() }
func (e engine) SetNoSpace(low bool)                  { e.store.SetNoSpace(low) }
func (e engine) Reopen(t *testing.T) storetest.Engine { return newEngine(t, e.store.Reopen(), e.clock) }

func (e engine) CrashClone(t *testing.T, percent int, seed uint64) storetest.Engine {
	return newEngine(t, e.store.CrashClone(percent, rand.New(rand.NewPCG(seed, 0))), e.clock)
}

func (e engine) Damage(t *testing.T, log string, position store.Position) {
	if !e.store.Damage(log, position) {
		t.Fatalf("log %s has no position %d", log, position)
	}
}

// failing is an engine whose failed commits meet a given fate.
type failing struct {
	engine
	fate Fate
}

func (e failing) InjectWriteError(err error) { e.store.FailCommits(err, 1, e.fate) }

func TestStore(t *testing.T) {
	for name, fate := range map[string]Fate{"dropped": Dropped, "applied": Applied} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Engine {
				c := clock.NewFake(time.UnixMilli(1_000))
				return failing{newEngine(t, New(Options{Clock: c}), c).(engine), fate}
			})
		})
	}
}
