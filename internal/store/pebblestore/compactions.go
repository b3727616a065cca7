package pebblestore

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// scheduler says when the database may compact: as many at a time as it allows
// itself, but none before it is open. Pebble waits for the compactions that it
// begins while it opens; after a crash under load that took seconds in which
// nobody was served.
type scheduler struct {
	grants sync.Mutex // held while waiting compactions are started

	mu      sync.Mutex
	db      pebble.DBForCompaction
	open    bool // compactions may begin
	running int
}

// Register implements pebble.CompactionScheduler.
func (s *scheduler) Register(_ int, db pebble.DBForCompaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db = db
}

// Unregister implements pebble.CompactionScheduler.
func (s *scheduler) Unregister() {
	s.close()
	s.grants.Lock() // nothing is being started any more
	defer s.grants.Unlock()
}

// TrySchedule implements pebble.CompactionScheduler.
func (s *scheduler) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || s.running >= s.db.GetAllowedWithoutPermission() {
		return false, nil
	}
	s.running++
	return true, grant{s}
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler. It is
// called with locks of the database held, which starting a compaction takes.
func (s *scheduler) UpdateGetAllowedWithoutPermission() { go s.start() }

// release lets compactions begin.
func (s *scheduler) release() {
	s.mu.Lock()
	s.open = true
	s.mu.Unlock()
	s.start()
}

// close lets no more begin.
func (s *scheduler) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
}

// start begins compactions that wait, as many as may run.
func (s *scheduler) start() {
	s.grants.Lock()
	defer s.grants.Unlock()
	for {
		s.mu.Lock()
		may := s.open && s.running < s.db.GetAllowedWithoutPermission()
		s.mu.Unlock()
		if !may {
			return
		}
		if waiting, _ := s.db.GetWaitingCompaction(); !waiting {
			return
		}
		s.mu.Lock()
		s.running++
		s.mu.Unlock()
		if !s.db.Schedule(grant{s}) {
			s.ended()
			return
		}
	}
}

func (s *scheduler) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
}

// grant is the permission of one compaction.
type grant struct{ s *scheduler }

// Started, MeasureCPU and CumulativeStats implement pebble.CompactionGrantHandle;
// only the number of compactions counts here.
func (grant) Started()                                          {}
func (grant) MeasureCPU(pebble.CompactionGoroutineKind)         {}
func (grant) CumulativeStats(pebble.CompactionGrantHandleStats) {}

// Done implements pebble.CompactionGrantHandle.
func (g grant) Done() {
	g.s.ended()
	g.s.start()
}
