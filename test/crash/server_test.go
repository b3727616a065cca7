package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/child"
	"github.com/millrace/millrace/internal/testkit/program"
)

// The root key of every server here.
const (
	accessKey = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	region    = "us-east-1"
)

// maxStart is the bar for a server to be ready.
const maxStart = 2 * time.Second

// site is a data directory and how servers are started on it, one after another.
type site struct {
	t    *testing.T
	data string
	args []string // of `millrace server`, after those that all have
	env  []string
	// prefix is a program to start the server under.
	prefix []string

	slowest time.Duration // of the starts
	starts  int
}

// newSite makes a data directory that is kept when the test fails.
func newSite(t *testing.T, args ...string) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "millrace-crash-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("the data directory is kept in " + dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return &site{t: t, data: filepath.Join(dir, "data"), args: args}
}

// otherAccessKey is that of a second account.
const otherAccessKey = "AKIAI44QH8DHBEXAMPLE"

// addAccount gives the servers another account.
func (s *site) addAccount(id, accessKey string) {
	s.t.Helper()
	dir := filepath.Dir(s.data)
	overwrite(s.t, filepath.Join(dir, "secret"), secretKey+"\n")
	overwrite(s.t, filepath.Join(dir, "millrace.yaml"), "accounts:\n  - id: \""+id+"\"\n    access-key-id: "+accessKey+"\n    secret-access-key-file: "+filepath.Join(dir, "secret")+"\n")
	s.args = append(s.args, "--config="+filepath.Join(dir, "millrace.yaml"))
}

// server is a process that was started on a site.
type server struct {
	*child.Process
	site *site
}

// launch starts a process and does not wait for it to serve.
func (s *site) launch() *server {
	s.t.Helper()
	args := append([]string{"server", "--data=" + s.data, "--listen=127.0.0.1:0", "--tls-listen=off"}, s.args...)
	p, err := child.Start(child.Options{
		Binary: program.Faults(s.t), Args: args, Dir: filepath.Dir(s.data), Prefix: s.prefix, Env: append(environment(), s.env...),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		p.Kill()
		if s.t.Failed() {
			s.t.Logf("process %d said:\n%s", p.Pid(), p.Tail(6000))
		}
	})
	return &server{p, s}
}

// environment is that of every process of the program here.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "MILLRACE_ROOT_ACCESS_KEY_ID=" + accessKey, "MILLRACE_ROOT_SECRET_ACCESS_KEY=" + secretKey}
}

// start starts a server and waits until it is ready.
func (s *site) start() *server {
	s.t.Helper()
	srv, err := s.tryStart()
	if err != nil {
		s.t.Fatal(err)
	}
	return srv
}

// tryStart is start that returns an error where the server ends instead.
func (s *site) tryStart() (*server, error) {
	s.t.Helper()
	srv := s.launch()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := srv.Serving(ctx); err != nil {
		return srv, err
	}
	if status, body := srv.own(http.MethodGet, "ready"); status != 200 {
		return srv, fmt.Errorf("ready: status %d, %s", status, body)
	}
	took := time.Since(srv.Began())
	s.slowest, s.starts = max(s.slowest, took), s.starts+1
	return srv, nil
}

// checkStarts holds the slowest start against the bar.
func (s *site) checkStarts() {
	s.t.Helper()
	s.t.Logf("%d starts, the slowest took %v", s.starts, s.slowest.Round(time.Millisecond))
	if s.slowest > maxStart {
		s.t.Errorf("a server took %v to be ready, more than %v", s.slowest, maxStart)
	}
}

// stop ends the server in good order, which must take no longer than is promised.
func (srv *server) stop() {
	srv.site.t.Helper()
	if status, err := srv.Stop(15 * time.Second); status != 0 || err != nil {
		srv.site.t.Errorf("exit status %d, %v", status, err)
	}
}

// own calls one of the server's own paths; status 0 where it does not answer.
func (srv *server) own(method, path string) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, srv.HTTP()+"/_millrace/"+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	r.SetBasicAuth(accessKey, secretKey)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	return resp.StatusCode, b.String()
}

// arm makes fault points deadly.
func (srv *server) arm(points string) {
	srv.site.t.Helper()
	if status, body := srv.own(http.MethodPost, "faults/arm?points="+points); status != 200 && srv.Alive() {
		srv.site.t.Errorf("arm %s: status %d, %s", points, status, body)
	}
}

// passes returns how often each fault point is passed by f and by what the server
// then does of itself.
func (srv *server) passes(f func()) map[string]int {
	srv.site.t.Helper()
	count := func() map[string]int {
		m := map[string]int{}
		if _, body := srv.own(http.MethodGet, "faults/points"); json.Unmarshal([]byte(body), &m) != nil {
			srv.site.t.Fatalf("points passed: %s", body)
		}
		return m
	}
	before := count()
	f()
	after := count()
	for last := map[string]int(nil); !maps.Equal(last, after); after = count() {
		last = after
		pause(srv.site.t.Context(), 200*time.Millisecond)
	}
	for point := range after {
		if after[point] -= before[point]; after[point] == 0 {
			delete(after, point)
		}
	}
	return after
}

// moveClock moves the server's clock.
func (srv *server) moveClock(d time.Duration) {
	srv.site.t.Helper()
	if status, body := srv.own(http.MethodPost, "faults/clock?move="+d.String()); status != 200 {
		srv.site.t.Fatalf("move the clock: status %d, %s", status, body)
	}
}

// await polls until a condition holds, or fails.
func await(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	if !poll(context.Background(), limit, f) {
		t.Fatalf("not within %v: %s", limit, what)
	}
}

// poll calls f every few milliseconds until it is true; false where ctx or the
// time has ended before.
func poll(ctx context.Context, limit time.Duration, f func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(limit)
	defer end.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-end.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// points are the names of the fault points in the source that begin with prefix.
func points(t *testing.T, prefix string) []string {
	t.Helper()
	var names []string
	call := regexp.MustCompile(`fault\.Point\("([^"]+)"\)`)
	err := filepath.WalkDir("../../internal", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range call.FindAllSubmatch(text, -1) {
			if name := string(m[1]); strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("no fault points found: %v", err)
	}
	return names
}
