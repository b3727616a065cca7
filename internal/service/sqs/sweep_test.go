package sqs

import (
	"context"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// jumpingStore has its clock jump right after it was asked for the nth time
// whether the clock is right.
type jumpingStore struct {
	store.Store
	jump  func()
	until int
}

func (s *jumpingStore) TrimAllowed() bool {
	s.until--
	if s.until == 0 {
		s.jump()
	}
	return s.until >= 0
}

// A clock that jumps during a sweep takes no messages with it, whenever it does.
func TestClockJumpsDuringASweep(t *testing.T) {
	for n := range 4 {
		s := &jumpingStore{until: 1 << 30}
		r := newRig(t, func(o *Options) {
			s.Store, o.Store = o.Store, s
			o.SweepInterval = 1000 * time.Hour // the sweep is the test's own
		})
		url := r.create("q", map[string]string{"MessageRetentionPeriod": "60"})
		r.send(url, "kept", "", "")
		s.until, s.jump = n+1, func() { r.clock.Set(r.clock.Now().Add(2 * time.Hour)) }
		r.sweep(context.Background())
		r.wantCounts("q", 1, 0, 0)
	}
}
