package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
	"github.com/millrace/millrace/internal/store/blobdir"
	"github.com/millrace/millrace/internal/store/keyring"
)

// keyringPartition holds the data keys. Names that begin with a zero byte are
// the engine's own and are not listed.
const keyringPartition = "\x00keyring"

// Store implements store.Store on one machine.
type Store struct {
	dir      string
	fs       vfs.FS
	db       *pebble.DB
	clock    clock.Clock
	logger   *slog.Logger
	observer Observer
	fatal    func(error)
	interval bool
	failed   atomic.Bool // a commit failed: nothing is acknowledged any more

	epoch       uint64        // how often the store was opened
	ids         atomic.Uint64 // last id given out
	versions    atomic.Uint64 // last version given out
	committer   *committer
	unsynced    unsynced
	space       space
	compactions scheduler
	guard       clockGuard
	keys        *keyring.Keyring
	blobs       blobs

	ownsMasterKey bool
	backups       sync.Mutex // one at a time

	partitionsMu sync.Mutex // held over a point read of the catalogue
	partitions   map[string]*partitionState

	stripes [64]sync.Mutex // by name: make, load and drop of a log
	seed    maphash.Seed

	// mu guards what follows. An iterator may be made under it.
	mu        sync.Mutex
	damage    map[string]string // place → what was said of it
	logs      map[string]*log
	unsettled map[string]bool // logs being made (false) or dropped (true)

	opsMu   sync.Mutex
	ops     int // calls under way
	closed  bool
	idle    sync.Cond
	closing chan struct{}
	loops   sync.WaitGroup
}

// Open opens the store in a data directory, or makes one.
func Open(o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	o.FS = privateFS{o.FS}
	s := newStore(o)
	if err := s.open(o); err != nil {
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
	}
	return s, nil
}

// newStore returns a store that has opened nothing yet.
func newStore(o Options) *Store {
	s := &Store{
		dir:        o.Dir,
		fs:         o.FS,
		clock:      o.Clock,
		logger:     o.Logger,
		observer:   o.Observer,
		fatal:      o.Fatal,
		interval:   o.Fsync == FsyncInterval,
		partitions: make(map[string]*partitionState),
		seed:       maphash.MakeSeed(),
		logs:       make(map[string]*log),
		damage:     make(map[string]string),
		unsettled:  make(map[string]bool),
		closing:    make(chan struct{}),
		space:      space{fs: o.FS, dir: o.Dir, want: o.MinFreeBytes},
		guard:      clockGuard{uptime: machineUptime()},

		ownsMasterKey: ownsMasterKey(o),
	}
	s.idle.L = &s.opsMu
	s.unsynced.ended.L, s.unsynced.bound = &s.unsynced.mu, maxUnsynced
	s.blobs.s = s
	return s
}

// openReadOnly opens a store to look at. It makes no file and writes no row.
func openReadOnly(o Options) (_ *Store, err error) {
	s := newStore(o)
	options := databaseOptions(o, &logger{Logger: o.Logger, die: s.die})
	options.ReadOnly = true
	if s.db, err = pebble.Open(o.FS.PathJoin(o.Dir, "pebble"), options); err != nil {
		return nil, inUse(err)
	}
	defer func() {
		if err != nil {
			_ = s.db.Close()
		}
	}()
	if s.blobs.Dir, err = blobdir.Open(o.FS, o.FS.PathJoin(o.Dir, "blobs")); err != nil {
		return nil, err
	}
	master := o.MasterKey
	if len(master) == 0 {
		path := o.MasterKeyFile
		if path == "" {
			path = filepath.Join(o.Dir, masterKeyName)
		}
		if master, err = keyring.LoadMasterKey(path); err != nil {
			return nil, err
		}
	}
	s.keys, err = keyring.New(context.Background(), s.Partition(keyringPartition), master)
	return s, err
}

func (s *Store) open(o Options) (err error) {
	// Pebble and the blobs make their folders durable, but not that the data
	// directory is in its parent and they in it.
	for _, dir := range []string{o.Dir, o.FS.PathJoin(o.Dir, "pebble"), o.FS.PathJoin(o.Dir, "blobs")} {
		if err := makeDir(o.FS, dir); err != nil {
			return err
		}
	}
	if err := checkFormat(o.FS, o.Dir); err != nil {
		return err
	}
	if err := checkManifest(o.FS, o.FS.PathJoin(o.Dir, "pebble")); err != nil {
		return err
	}
	options := databaseOptions(o, &logger{Logger: o.Logger, die: s.die})
	options.Experimental.CompactionScheduler = &s.compactions
	s.slowRetries(options)
	opened := s.dieWithoutLog(options)
	if s.db, err = pebble.Open(o.FS.PathJoin(o.Dir, "pebble"), options); err != nil {
		return inUse(err)
	}
	opened()
	s.compactions.release()
	defer func() {
		if err != nil {
			_ = s.db.Close()
		}
	}()
	if err := s.begin(); err != nil {
		return err
	}
	if s.blobs.Dir, err = blobdir.Open(o.FS, o.FS.PathJoin(o.Dir, "blobs")); err != nil {
		return err
	}
	master, err := masterKey(o)
	if err != nil {
		return err
	}
	if s.keys, err = keyring.New(context.Background(), s.Partition(keyringPartition), master); err != nil {
		return err
	}
	if err := s.openClock(); err != nil {
		return err
	}
	if o.MinFreeBytes >= 0 {
		look := func() { s.space.look(s.clock.Now()) }
		look()
		s.loop(spaceInterval, look)
	}
	s.committer = newCommitter(s)
	if s.interval {
		s.loop(syncInterval, s.syncLog)
	}
	return nil
}

// inUse says what to do where Pebble's lock is held.
func inUse(err error) error {
	// Pebble's own check within a process has no error to compare with.
	if errors.Is(err, syscall.EAGAIN) || strings.Contains(err.Error(), "lock held by current process") {
		return fmt.Errorf("the data directory is in use by another server or command; stop that first, or name another directory: %w", err)
	}
	return err
}

// makeDir makes a directory, durably.
func makeDir(fs vfs.FS, dir string) error {
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(fs, fs.PathDir(dir))
}

// syncDir makes what happened to a directory's entries durable.
func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// begin counts the start, durably, before anything depends on the number.
func (s *Store) begin() error {
	row, err := s.get(metaStarts)
	if err == nil {
		s.epoch, err = parseNumber(row)
	}
	if err != nil && err != store.ErrNotFound {
		return err
	}
	s.epoch++
	s.ids.Store(s.epoch << 32)
	return s.db.Set(metaStarts, encodeNumber(s.epoch), pebble.Sync)
}

// newID returns an id that no partition or log ever had: the start in the upper
// half, a count in the lower. What was not used is lost, which costs nothing.
func (s *Store) newID() uint64 { return s.ids.Add(1) }

func (s *Store) version(v partitionVersion) store.Version {
	return store.Version{Epoch: s.epoch, N: v.n}
}

// loop calls f at an interval until the store closes.
func (s *Store) loop(every time.Duration, f func()) {
	s.loops.Add(1)
	t := s.clock.NewTimer(every)
	go func() {
		defer s.loops.Done()
		defer t.Stop()
		for {
			select {
			case <-s.closing:
				return
			case <-t.C():
				f()
				t.Reset(every)
			}
		}
	}()
}

// enter counts a call that uses the database, so that Close waits for it.
func (s *Store) enter() error {
	s.opsMu.Lock()
	defer s.opsMu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.ops++
	return nil
}

func (s *Store) leave() {
	s.opsMu.Lock()
	s.ops--
	if s.ops == 0 && s.closed {
		s.idle.Broadcast()
	}
	s.opsMu.Unlock()
}

// refuse tells why mutations are not accepted now, if so.
func (s *Store) refuse() error {
	if s.failed.Load() {
		return store.ErrClosed
	}
	return s.space.refusal()
}

// Blobs returns the area of large objects.
func (s *Store) Blobs() store.Blobs { return &s.blobs }

// Keys returns the keyring.
func (s *Store) Keys() store.Keyring { return s.keys }

// Size returns the bytes that the store takes on disk, its blobs apart.
func (s *Store) Size() int64 {
	if s.enter() != nil {
		return 0
	}
	defer s.leave()
	return int64(s.db.Metrics().DiskSpaceUsage())
}

// Close waits for calls under way and closes the store.
func (s *Store) Close() error {
	s.opsMu.Lock()
	if s.closed {
		s.opsMu.Unlock()
		return store.ErrClosed
	}
	s.closed = true
	s.opsMu.Unlock()
	s.compactions.close()
	close(s.closing)
	s.committer.close()
	s.loops.Wait()
	_ = s.db.Set(metaClock, s.guard.row(), pebble.NoSync) // Close syncs it; an older time will do
	s.opsMu.Lock()
	for s.ops > 0 {
		s.idle.Wait()
	}
	s.opsMu.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store in %s: %w", s.dir, err)
	}
	return nil
}
