package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// killer kills servers of a site, one after another, while others work with them.
type killer struct {
	t      *testing.T
	site   *site
	rnd    *rand.Rand
	points []string // to kill at
	// spread is how late a point may kill: at one of its next 1<<spread passes, a
	// late one being as likely as an early one.
	spread int

	rounds int
	deaths map[string]int // by cause
}

// newKiller makes a site, to kill at points.
func newKiller(t *testing.T, points []string, spread int, args ...string) killer {
	return killer{
		t: t, site: newSite(t, append([]string{"--min-free=0"}, args...)...),
		rnd: rand.New(rand.NewPCG(*crashSeed, 0)), points: points, spread: spread, deaths: map[string]int{},
	}
}

// round lets the works that load starts go on until the server is dead.
func (k *killer) round(srv *server, load func(do func(what string, f func(context.Context) error))) {
	k.rounds++
	ctx, cancel := context.WithTimeout(k.t.Context(), 30*time.Second)
	defer cancel()
	var work sync.WaitGroup
	load(func(what string, f func(context.Context) error) {
		work.Go(func() {
			err := f(ctx)
			if err == nil {
				return
			}
			// Only the server's end excuses an error, and it comes at once.
			select {
			case <-srv.Done():
				if code(err) == "" {
					return
				}
			case <-time.After(10 * time.Second):
			}
			k.t.Errorf("%s: %v", what, err)
		})
	})
	k.deaths[k.end(srv)]++
	if !srv.Killed() {
		k.t.Errorf("the server ended by itself, %v:\n%s", srv.Ended(), srv.Tail(6000))
	}
	cancel()
	work.Wait()
}

// end lets the server live a while, kills it, and returns by what.
func (k *killer) end(srv *server) string {
	if k.rnd.IntN(2) == 0 {
		point := k.points[k.rnd.IntN(len(k.points))]
		srv.arm(fmt.Sprintf("%s:%d", point, 1+k.rnd.IntN(1<<k.rnd.IntN(1+k.spread))))
		select {
		case <-srv.Done():
			return point
		case <-time.After(3 * time.Second):
		}
	} else {
		select {
		case <-srv.Done():
			return "none"
		case <-time.After(time.Duration(50+k.rnd.IntN(1500)) * time.Millisecond):
		}
	}
	srv.Kill()
	return "signal"
}

// restart starts the server again, on some occasions after starts that are
// killed on their way.
func (k *killer) restart() *server {
	for k.rnd.IntN(3) == 0 {
		srv := k.site.launch()
		select {
		case <-srv.Done():
			k.t.Errorf("the server ended while it started, %v:\n%s", srv.Ended(), srv.Tail(6000))
		case <-time.After(time.Duration(k.rnd.IntN(200)) * time.Millisecond):
		}
		srv.Kill()
		k.deaths["start"]++
	}
	return k.site.start()
}
