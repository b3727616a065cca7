package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/millrace/millrace/internal/app/config"
	"github.com/millrace/millrace/internal/obs"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/pebblestore"
)

// TLSFolder holds the certificates in the data directory.
const TLSFolder = "tls"

// trimInterval is how often expired records are looked for.
const trimInterval = time.Minute

// What an engine may offer beyond the contract. One that is replicated has
// other ways to copy itself, and may know nothing of a clock or of a size.
type (
	// backuper writes a consistent copy into a directory that is not there yet.
	backuper interface {
		Backup(ctx context.Context, dir string) error
	}
	// clockAccepter ends the pause of trimming that follows a clock's jump.
	clockAccepter interface {
		AcceptClock(ctx context.Context) error
	}
	// sizer tells the bytes that it takes on disk.
	sizer interface{ Size() int64 }
)

// StoreOptions returns the options of the store that a configuration asks for;
// the offline commands use them too.
func StoreOptions(c *config.Config) pebblestore.Options {
	o := pebblestore.Options{
		Dir: c.Data, MemoryBytes: int64(c.Memory / 2), Fsync: pebblestore.Fsync(c.Fsync), MasterKeyFile: c.MasterKeyFile,
	}
	if c.MinFree.Set {
		o.MinFreeBytes = int64(c.MinFree.Bytes)
		if o.MinFreeBytes == 0 {
			o.MinFreeBytes = -1 // no reserve; 0 means the default there
		}
	}
	return o
}

func (a *App) openStore() error {
	o := StoreOptions(a.config)
	o.Clock, o.Logger = a.clock, a.logger.With("part", "store")
	m := a.metrics.Store
	o.Observer = pebblestore.Observer{Synced: m.Synced, Wrote: m.Wrote, Damaged: m.Damaged}
	o.Fatal = func(err error) {
		a.logger.Error("ENV: the disk failed a write or a sync, and the server ends to keep its promise; look at the disk and the kernel's log, then start again", "error", err)
		os.Exit(pebblestore.ExitStorage)
	}
	s, err := pebblestore.Open(o)
	if err != nil {
		return err
	}
	a.store = s
	a.onStop("store", func(ctx context.Context) error { return closeStore(ctx, s, a.logger) })
	m.Gauge("fsync_always", "1: what is acknowledged is on disk. 0: --fsync=interval, and a crash of the machine may lose what was acknowledged in about the last second.", func() float64 {
		if a.config.Fsync == "always" {
			return 1
		}
		return 0
	})
	m.Gauge("problems", "What /_millrace/health tells of, counted.", func() float64 { return float64(len(s.Health())) })
	m.Engine(func() obs.Engine {
		e := s.Metrics()
		return obs.Engine{
			CacheHits: e.CacheHits, CacheMisses: e.CacheMisses, MemtableBytes: e.MemtableBytes,
			L0Files: e.L0Files, L0Sublevels: e.L0Sublevels, DebtBytes: e.DebtBytes,
			Compactions: e.Compactions, CompactionsFailed: e.CompactionsFailed, CompactionsRunning: e.CompactionsRunning,
			LogBytes: e.LogBytes, FlushedBytes: e.FlushedBytes, CompactedBytes: e.CompactedBytes,
			WriteAmplification: e.WriteAmplification(),
		}
	})
	if z, ok := a.store.(sizer); ok {
		m.Gauge("size_bytes", "Bytes that the store takes on disk.", func() float64 { return float64(z.Size()) })
	}
	return nil
}

// explain adds what to do to errors of storage that a person meets.
func explain(err error) error {
	if errors.Is(err, store.ErrNoSpace) {
		return fmt.Errorf("%w; free space, or lower --min-free", err)
	}
	return err
}

// explainToCaller tells a caller of the one fault of a server that it can do
// something about: wait, or delete.
func explainToCaller(err error) string {
	if errors.Is(err, store.ErrNoSpace) {
		return "The request processing has failed because the disk of the server is nearly full. Reads and deletions go on."
	}
	return ""
}

// closeStore closes the store, but does not wait beyond ctx: the engine ends
// compactions that are under way, which can take longer than a stop may. What was
// acknowledged is on disk, and the next start takes the compaction up again.
func closeStore(ctx context.Context, s store.Store, logger *slog.Logger) error {
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		logger.Info("the store still compacts; ending without waiting for it, what was acknowledged is on disk")
		return nil
	}
}
