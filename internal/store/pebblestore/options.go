package pebblestore

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/base/clock"
)

// Fsync says when a commit is acknowledged.
type Fsync string

const (
	// FsyncAlways acknowledges a commit once it is on disk. The default.
	FsyncAlways Fsync = "always"
	// FsyncInterval acknowledges at once and syncs every 100 ms: a crash of the
	// machine takes back what came last (at most about a second, see maxUnsynced), a
	// crash of the process does not.
	FsyncInterval Fsync = "interval"
)

// ExitStorage is the status with which the process ends when the disk failed a
// write or a sync of the write-ahead log.
const ExitStorage = 70

// Options configures a Store. Dir is required.
type Options struct {
	// Dir is the data directory. It is made where it is missing.
	Dir string
	// FS is the file system. Default: the machine's.
	FS vfs.FS
	// Clock stamps records. Default: the machine's.
	Clock clock.Clock
	// Logger receives what a person should know. Default: nothing is logged.
	Logger *slog.Logger
	// MemoryBytes bounds block cache and memtables together. Default 256 MiB, at
	// least 32 MiB.
	MemoryBytes int64
	// MinFreeBytes is the free space of the disk below which writes are refused.
	// Default: the larger of 1 GiB and 2 % of the disk. Negative: no check.
	MinFreeBytes int64
	// Fsync says when a commit is acknowledged. Default FsyncAlways.
	Fsync Fsync
	// MasterKeyFile holds the key that wraps the data keys (docs/ops/storage.md).
	// Default: master.key in Dir, which is made where it is missing.
	MasterKeyFile string
	// MasterKey is the key itself, 32 bytes, and goes before MasterKeyFile.
	MasterKey []byte
	// Observer receives measurements. Its functions are called from hot paths, by
	// several goroutines at once.
	Observer Observer
	// Fatal is called once when a write or sync of the write-ahead log failed, so
	// that the outcome of commits is unknown. Nothing is acknowledged after it.
	// Default: os.Exit(ExitStorage).
	Fatal func(error)

	// tune changes the database's options, for benchmarks that compare them.
	tune func(*pebble.Options)
}

// Observer receives measurements; nil functions are skipped.
type Observer struct {
	// Synced is told of each group of changes that became durable: the time from
	// its hand-over to Pebble (with FsyncInterval: that of its oldest) to the end of
	// its sync, and how many changes (blocks, rows or updates) shared it.
	Synced func(took time.Duration, changes int)
	// Wrote is told the bytes of each batch given to the write-ahead log.
	Wrote func(bytes int)
	// Damaged is told of each damaged place that was met for the first time.
	Damaged func()
}

func (o *Observer) synced(took time.Duration, changes int) {
	if o.Synced != nil {
		o.Synced(took, changes)
	}
}

func (o *Observer) wrote(bytes int) {
	if o.Wrote != nil {
		o.Wrote(bytes)
	}
}

func (o *Observer) damaged() {
	if o.Damaged != nil {
		o.Damaged()
	}
}

const (
	defaultMemory = 256 << 20
	minMemory     = 32 << 20
	// maxMemtable keeps the replay after a crash, which is at most two memtables
	// of write-ahead log, well under a second.
	maxMemtable = 32 << 20
)

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, fmt.Errorf("no data directory given")
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = defaultMemory
	}
	o.MemoryBytes = max(o.MemoryBytes, minMemory)
	switch o.Fsync {
	case "":
		o.Fsync = FsyncAlways
	case FsyncAlways, FsyncInterval:
	default:
		return o, fmt.Errorf("fsync %q: want %q or %q", o.Fsync, FsyncAlways, FsyncInterval)
	}
	if o.Fatal == nil {
		o.Fatal = func(error) { os.Exit(ExitStorage) }
	}
	return o, nil
}
