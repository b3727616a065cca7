package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/sys/unix"

	"github.com/millrace/millrace/internal/store"
)

const (
	clockInterval = 5 * time.Second
	// maxClockJump is how far the clock may go ahead of the time that passed.
	maxClockJump = 5 * time.Minute
	// maxDowntime is how far it may be ahead after the machine was started anew,
	// when nobody can tell how much time has passed.
	maxDowntime = 24 * time.Hour
)

// uptime tells time that no one sets: since the machine's start, sleep included.
// machineUptime is each system's own.
type uptime struct {
	boot  string // names the start
	since func() time.Duration
}

// clockTime reads a clock of the machine; 0 where it has none of that name.
func clockTime(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// clockGuard finds out when the wall clock has jumped ahead: what expires by it
// would be lost though its time has not come. Until a person accepts the clock,
// nothing is trimmed by age.
type clockGuard struct {
	uptime uptime

	mu     sync.Mutex
	wall   time.Time     // when the clock was last believed
	up     time.Duration // the uptime then
	jumped time.Duration // how far it went ahead; 0: it did not
}

// look compares the clock with the time that passed. turned tells that it found
// the first sign of a jump, or of its end. It reads the clock itself, so that of
// two looks at once the later one has the later time.
func (g *clockGuard) look(clock func() time.Time) (turned bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := clock()
	before, up := g.jumped, g.uptime.since()
	if ahead := now.Sub(g.wall) - (up - g.up); ahead > maxClockJump {
		g.jumped = ahead
		return before == 0 // what was believed stays the measure, so that going back ends it
	}
	g.wall, g.up, g.jumped = now, up, 0
	return before != 0
}

// begin takes up from what an earlier process stored.
func (g *clockGuard) begin(now time.Time, row []byte) error {
	g.wall, g.up = now, g.uptime.since()
	if row == nil {
		return nil
	}
	if len(row) < 17 || row[0] != rowVersion {
		return errBadRow
	}
	wall := time.UnixMilli(int64(binary.BigEndian.Uint64(row[1:])))
	up := time.Duration(binary.BigEndian.Uint64(row[9:]))
	if boot := string(row[17:]); boot != "" && boot == g.uptime.boot {
		g.wall, g.up = wall, up
		g.look(func() time.Time { return now })
	} else if now.Sub(wall) > maxDowntime {
		g.wall, g.jumped = wall.Add(maxDowntime), now.Sub(wall)
	}
	return nil
}

// accept believes a time, and returns how far it was ahead.
func (g *clockGuard) accept(now time.Time) (ahead time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ahead = g.jumped
	g.wall, g.up, g.jumped = now, g.uptime.since(), 0
	return ahead
}

// row is what begin takes up. It is what was last believed.
func (g *clockGuard) row() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := binary.BigEndian.AppendUint64([]byte{rowVersion}, uint64(g.wall.UnixMilli()))
	return append(binary.BigEndian.AppendUint64(b, uint64(g.up)), g.uptime.boot...)
}

func (g *clockGuard) problem() (store.Problem, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.jumped == 0 {
		return store.Problem{}, false
	}
	return store.Problem{Code: "clock-jump", Message: fmt.Sprintf(
		"the clock went %v ahead of the time that passed; nothing expires until it is right, or `millrace admin clock accept` says that it is", g.jumped.Round(time.Second))}, true
}

// openClock reads what an earlier process believed, and keeps watching.
func (s *Store) openClock() error {
	row, err := s.get(metaClock)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := s.guard.begin(s.clock.Now(), row); err != nil {
		return fmt.Errorf("row of the clock: %w", err)
	}
	if _, jumped := s.guard.problem(); jumped {
		s.tellClock()
	}
	s.loop(clockInterval, func() {
		s.lookAtClock()
		s.keepClock(pebble.NoSync)
	})
	return nil
}

func (s *Store) lookAtClock() {
	if s.guard.look(s.clock.Now) {
		s.tellClock()
	}
}

// tellClock logs what is now thought of the clock.
func (s *Store) tellClock() {
	if p, jumped := s.guard.problem(); jumped {
		s.logger.Warn("ENV: trimming is paused: " + p.Message)
	} else {
		s.logger.Warn("ENV: trimming goes on: the clock is right again")
	}
}

// keepClock stores what is believed of the clock. It is no loss where it fails: the
// next start believes an older time.
func (s *Store) keepClock(o *pebble.WriteOptions) {
	if s.enter() != nil {
		return
	}
	defer s.leave()
	if err := s.db.Set(metaClock, s.guard.row(), o); err != nil {
		s.logger.Warn("ENV: the time could not be stored", "err", err)
	}
}

// TrimAllowed reports whether the clock is believed, so that what is too old by
// it may go.
func (s *Store) TrimAllowed() bool {
	s.lookAtClock()
	_, jumped := s.guard.problem()
	return !jumped
}

// AcceptClock believes the clock as it is, durably.
func (s *Store) AcceptClock(context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if ahead := s.guard.accept(s.clock.Now()); ahead > 0 {
		s.logger.Warn("ENV: trimming goes on: the clock was accepted as it is", "ahead", ahead.Round(time.Second))
	}
	return s.db.Set(metaClock, s.guard.row(), pebble.Sync)
}
