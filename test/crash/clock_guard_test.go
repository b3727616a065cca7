package crash

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/testkit/program"
)

// command runs an offline or administrative command on the site's data and
// returns its exit status and what it says.
func (s *site) command(words ...string) (status int, said string) {
	s.t.Helper()
	c := exec.CommandContext(s.t.Context(), program.Faults(s.t), append(words, "--data="+s.data)...)
	c.Env = environment()
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		s.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// jumped reports whether health tells of a clock's jump.
func (srv *server) jumped() bool {
	_, health := srv.own(http.MethodGet, "health")
	return strings.Contains(health, "clock-jump")
}

// wantJump asserts that health tells of a clock's jump, or does not.
func (srv *server) wantJump(want bool) {
	srv.site.t.Helper()
	if srv.jumped() != want {
		srv.site.t.Errorf("health tells of a clock's jump: %t, want %t", !want, want)
	}
}

// acceptClock has the command line accept the clock.
func (srv *server) acceptClock() {
	srv.site.t.Helper()
	if status, said := srv.site.command("admin", "clock", "accept"); status != 0 || !strings.Contains(said, "accepted") {
		srv.site.t.Fatalf("admin clock accept: exit status %d, %s", status, said)
	}
	srv.wantJump(false)
}

// letTrim lets the time pass after which a server trims, which is no jump.
func (srv *server) letTrim() { srv.moveClock(2 * time.Minute) }

// stored counts the records that a stream still has.
func (srv *server) stored(stream string) (n int) {
	srv.site.t.Helper()
	shards, err := readStream(srv.site.t.Context(), srv.client(), stream, nil)
	if err != nil {
		srv.site.t.Fatal(err)
	}
	for _, sh := range shards {
		n += len(sh.Records)
	}
	return n
}

// clockSite has a server with one stream, which keeps a day. It takes any
// signature, since clients sign by the machine's clock.
func clockSite(t *testing.T) (*site, *server, *writer) {
	site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms", "--auth=open")
	srv := site.start()
	createStream(t, srv.client(), "s", 2)
	return site, srv, newWriter(1, "s", 30)
}

// TestClockJumpsAhead: a clock that goes ahead of the time that passed takes no
// records with it, until a person says that it is right.
func TestClockJumpsAhead(t *testing.T) {
	t.Parallel()
	site, srv, w := clockSite(t)
	put(t, srv.client(), w)
	srv.wantJump(false)
	srv.moveClock(30 * time.Hour)
	await(t, 10*time.Second, "health tells of the jump", func() bool {
		_, health := srv.own(http.MethodGet, "health")
		return strings.Contains(health, "clock-jump") && strings.Contains(health, "admin clock accept")
	})
	for range 3 {
		srv.letTrim()
		put(t, srv.client(), w) // writes go on
		checkStream(t, srv.client(), "s", w)
	}
	srv.wantJump(true)
	old := len(w.attempts)
	// A server that has the right clock again has nothing to tell, and has all.
	srv.Kill()
	srv = site.start()
	srv.wantJump(false)
	srv.letTrim()
	checkStream(t, srv.client(), "s", w)

	srv.moveClock(60 * time.Hour)
	await(t, 10*time.Second, "health tells of the jump again", srv.jumped)
	srv.acceptClock()
	put(t, srv.client(), w)
	await(t, 20*time.Second, "the old records go once the clock is accepted", func() bool {
		srv.letTrim()
		return srv.stored("s") == len(w.attempts)-old
	})
}

// TestClockJumpsWhileStopped: a server finds that the clock went ahead while it
// did not run, and goes on so after kills, until the clock is accepted for good.
func TestClockJumpsWhileStopped(t *testing.T) {
	t.Parallel()
	site, srv, w := clockSite(t)
	srv.moveClock(-30 * time.Hour)
	put(t, srv.client(), w)
	checkStream(t, srv.client(), "s", w)
	srv.stop()
	// The next one has the machine's clock, by which the records are too old.
	for range 2 {
		srv = site.start()
		srv.wantJump(true)
		srv.letTrim()
		checkStream(t, srv.client(), "s", w)
		srv.Kill()
	}
	srv = site.start()
	srv.acceptClock()
	srv.Kill()
	srv = site.start()
	srv.wantJump(false)
	await(t, 20*time.Second, "the old records go once the clock is accepted", func() bool {
		srv.letTrim()
		return srv.stored("s") == 0
	})
	fresh := newWriter(2, "s", 30)
	put(t, srv.client(), fresh)
	if n := srv.stored("s"); n != len(fresh.attempts) {
		t.Errorf("%d records of %d that are new", n, len(fresh.attempts))
	}
}
