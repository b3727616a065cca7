package work

import (
	"context"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

func TestEveryTakesTurns(t *testing.T) {
	c := clock.NewFake(time.Unix(0, 0))
	g := NewGroup(c)
	turns := make(chan time.Time)
	g.Every(time.Minute, func(ctx context.Context) {
		select {
		case turns <- c.Now():
		case <-ctx.Done():
		}
	})
	for i := 1; i <= 3; i++ {
		for c.Timers() == 0 { // until the turn before has set its timer
		}
		c.Advance(time.Minute)
		if at := <-turns; !at.Equal(time.Unix(int64(i)*60, 0)) {
			t.Errorf("turn %d at %v", i, at)
		}
	}
	g.Close()
}

func TestCloseEndsAndRefuses(t *testing.T) {
	g := NewGroup(clock.Real)
	ended := false
	g.Go(func(ctx context.Context) {
		<-ctx.Done()
		ended = true
	})
	g.Close()
	if !ended || !g.Closed() {
		t.Error("Close returned before the work ended")
	}
	g.Go(func(context.Context) { t.Error("work began after Close") })
	g.Close()
}
