package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/millrace/millrace/internal/store"
)

// databaseOptions returns the options of the Pebble database. They are the same
// for a server and for doctor; only readOnly differs.
func databaseOptions(o Options, l *logger) *pebble.Options {
	memtable := min(o.MemoryBytes/8, maxMemtable)
	// Two memtables may exist at a time: one is filled while the other is flushed.
	cache := o.MemoryBytes - 2*memtable
	opts := &pebble.Options{
		FS:                          o.FS,
		CacheSize:                   cache,
		MemTableSize:                uint64(memtable),
		MemTableStopWritesThreshold: 2,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		Logger:                      l,
		FlushDelayDeleteRange:       5 * time.Second,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		EventListener: &pebble.EventListener{
			DataCorruption:  l.corruption,
			BackgroundError: l.background,
			DiskSlow:        l.slow,
			WriteStallBegin: l.stalled,
			WriteStallEnd:   l.resumed,
		},
	}
	for i := range opts.Levels {
		opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	opts.Experimental.EnableColumnarBlocks = func() bool { return true }
	if o.tune != nil {
		o.tune(opts)
	}
	return opts
}

// logger turns what Pebble tells into log lines and into the end of the process.
type logger struct {
	*slog.Logger
	die func(error)

	// The stall of writes that is under way. Pebble has one at a time.
	stall struct {
		reason string
		began  time.Time
	}
}

// longStall is how long writes may wait for a flush before it is worth a line.
const longStall = time.Second

func (l *logger) stalled(info pebble.WriteStallBeginInfo) {
	l.stall.reason, l.stall.began = info.Reason, time.Now()
}

func (l *logger) resumed() {
	if took := time.Since(l.stall.began); took >= longStall {
		l.Warn("ENV: writes waited for the disk, which is slower than what is written", "took", took, "reason", l.stall.reason)
	}
}

// Infof drops what Pebble says of its daily work.
func (l *logger) Infof(string, ...any) {}

func (l *logger) Errorf(format string, args ...any) {
	l.Error("storage: " + fmt.Sprintf(format, args...))
}

// Fatalf ends the process. Pebble relies on it not to return, which matters
// where Options.Fatal does.
func (l *logger) Fatalf(format string, args ...any) {
	l.die(fmt.Errorf(format, args...))
	runtime.Goexit()
}

// corruption is silent: who reads the damaged place reports it with what it
// holds, and a compaction that meets it does so through background.
func (l *logger) corruption(pebble.DataCorruptionInfo) {}

func (l *logger) background(err error) {
	l.Error("ENV: storage could not write or compact in the background; it tries again", "err", err)
}

func (l *logger) slow(info pebble.DiskSlowInfo) {
	l.Warn("ENV: the disk is slow", "path", info.Path, "operation", info.OpType.String(), "took", info.Duration)
}

// fileOf names the file in which Pebble met damage, if it told.
func fileOf(err error) string {
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil && info.Path != "" {
		return " (file " + info.Path + ")"
	}
	return ""
}

// get returns a copy of a row of the catalogue.
func (s *Store) get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, store.ErrNotFound
	} else if err != nil {
		return nil, s.readError(0, key, err)
	}
	value = append([]byte(nil), value...)
	return value, closer.Close()
}

// newIter returns an iterator over the database, for what is bounded by a
// durable tip or settled otherwise.
func (s *Store) newIter(o pebble.IterOptions) (*pebble.Iterator, error) { return s.db.NewIter(&o) }

// readError names what could not be read in partition id, and reports damage. Id
// 0 is the catalogue.
func (s *Store) readError(id uint64, key []byte, cause error) error {
	if !pebble.IsCorruptionError(cause) {
		return cause
	}
	place := fmt.Sprintf("partition %d, key %q", id, key)
	err := fmt.Errorf("read %s: %w%s", place, store.ErrCorrupt, fileOf(cause))
	s.damaged(place, err, cause)
	return err
}
