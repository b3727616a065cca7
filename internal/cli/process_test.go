package cli

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/child"
)

// TestMain runs the command line instead of the tests where a test started this
// binary as millrace: signals, exit statuses and locks are those of a process.
func TestMain(m *testing.M) {
	if os.Getenv("MILLRACE_TEST_MAIN") != "" {
		os.Exit(Main(os.Args[1:], Process()))
	}
	os.Exit(m.Run())
}

func millrace(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Dir = t.TempDir()
	c.Env = append([]string{"MILLRACE_TEST_MAIN=1", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.Getenv("TMPDIR")}, env...)
	return c
}

// run runs a command to its end.
func run(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	c := millrace(t, env, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// server is one that runs.
type server struct {
	*child.Process
	t    *testing.T
	http string // base URL
}

// start starts a server and waits until it serves.
func start(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	c := millrace(t, env, append([]string{"server", "--listen=127.0.0.1:0", "--tls-listen=127.0.0.1:0", "--min-free=0"}, args...)...)
	p, err := child.Start(child.Options{Binary: c.Path, Args: c.Args[1:], Dir: c.Dir, Env: c.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Log("the server said:\n" + p.Text())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Serving(ctx); err != nil {
		t.Fatal(err)
	}
	return &server{p, t, p.HTTP()}
}

// waitFor waits until the server says something, and fails when it ends first.
func (s *server) waitFor(what string) {
	s.t.Helper()
	if !s.Says(s.t.Context(), what) {
		s.t.Fatalf("the server ended and did not say %q", what)
	}
}

func (s *server) get(path string) (status int, body string) {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", "")
}

func (s *server) do(method, path, user, password string) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.http+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// stop sends a signal and returns the exit status, and how long it took.
func (s *server) stop(signal syscall.Signal) (int, time.Duration) {
	s.t.Helper()
	began := time.Now()
	if err := s.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	return s.ExitStatus(), time.Since(began)
}

func dataDir(t *testing.T) string { return "--data=" + filepath.Join(t.TempDir(), "data") }

func TestServerStartsAndStops(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		s := start(t, nil, dataDir(t))
		for _, path := range []string{"ready", "health", "version", "metrics"} {
			if status, body := s.get("/_millrace/" + path); status != 200 {
				t.Errorf("%s: status %d, %s", path, status, body)
			}
		}
		if _, body := s.get("/_millrace/metrics"); !strings.Contains(body, "millrace_build_info{") || !strings.Contains(body, "millrace_store_sync_duration_seconds") {
			t.Error("metrics lack the build or the store")
		}
		if status, _ := s.get("/_millrace/pprof/"); status != 404 {
			t.Errorf("pprof without --pprof: status %d", status)
		}
		if status, took := s.stop(signal); status != 0 || took > 10*time.Second {
			t.Errorf("%v: exit status %d after %v", signal, status, took)
		}
	}
}

func TestCredentialsAreShownOnce(t *testing.T) {
	data := dataDir(t)
	s := start(t, nil, data)
	export := regexp.MustCompile(`export (AWS_\w+)=(\S+)`).FindAllStringSubmatch(s.Text(), -1)
	values := map[string]string{}
	for _, m := range export {
		values[m[1]] = m[2]
	}
	if len(values["AWS_ACCESS_KEY_ID"]) != 20 || len(values["AWS_SECRET_ACCESS_KEY"]) != 40 || values["AWS_ENDPOINT_URL"] != s.http || values["AWS_DEFAULT_REGION"] == "" {
		t.Errorf("exports are %v", values)
	}
	s.stop(syscall.SIGTERM)
	again := start(t, nil, data)
	if strings.Contains(again.Text(), "AWS_SECRET") {
		t.Error("the second start shows the secret again")
	}
	given := start(t, []string{"MILLRACE_ROOT_ACCESS_KEY_ID=test", "MILLRACE_ROOT_SECRET_ACCESS_KEY=hush"}, dataDir(t))
	if strings.Contains(given.Text(), "hush") {
		t.Error("a given secret is shown")
	}
}

func TestSecondServerOnTheDirectoryIsRefused(t *testing.T) {
	data := dataDir(t)
	s := start(t, nil, data)
	status, _, stderr := run(t, nil, "server", data, "--listen=127.0.0.1:0", "--tls-listen=off")
	if status != exitInUse || !strings.Contains(stderr, "in use by the server with process id") || !strings.Contains(stderr, strings.TrimPrefix(s.http, "http://")) {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	if status, _ := s.get("/_millrace/ready"); status != 200 {
		t.Error("the first server was disturbed")
	}
}

func TestPortInUseNamesItsProcess(t *testing.T) {
	s := start(t, nil, dataDir(t))
	address := strings.TrimPrefix(s.http, "http://")
	status, _, stderr := run(t, nil, "server", dataDir(t), "--listen="+address, "--tls-listen=off")
	if status != exitInUse || !strings.Contains(stderr, address+" is in use by ") || !strings.Contains(stderr, "--listen") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil && !strings.Contains(stderr, "process id") {
		t.Errorf("the process is not named: %s", stderr)
	}
}

func TestAdminNeedsTheRootKey(t *testing.T) {
	data := dataDir(t)
	s := start(t, []string{"MILLRACE_ROOT_ACCESS_KEY_ID=root", "MILLRACE_ROOT_SECRET_ACCESS_KEY=secret"}, data)
	for _, password := range []string{"", "wrong"} {
		if status, _ := s.do(http.MethodPost, "/_millrace/clock/accept", "root", password); status != 401 {
			t.Errorf("password %q: status %d", password, status)
		}
	}
	if status, body := s.do(http.MethodPost, "/_millrace/clock/accept", "root", "secret"); status == 401 || !strings.Contains(body, "clock") {
		t.Errorf("with the root key: status %d, %s", status, body)
	}
	if status, _ := s.do(http.MethodPost, "/_millrace/backup?dir=relative", "root", "secret"); status != 400 {
		t.Errorf("backup to a relative path: status %d", status)
	}
	// What the server says comes through, whichever it is.
	_, stdout, stderr := run(t, []string{"MILLRACE_ROOT_ACCESS_KEY_ID=root", "MILLRACE_ROOT_SECRET_ACCESS_KEY=secret"}, "admin", "clock", "accept", data)
	if !strings.Contains(stdout+stderr, "the clock") {
		t.Errorf("admin clock accept: %s%s", stdout, stderr)
	}
	status, _, stderr := run(t, nil, "admin", "clock", "accept", data)
	if status != exitFailed || !strings.Contains(stderr, "MILLRACE_ROOT_ACCESS_KEY_ID") {
		t.Errorf("without a key: exit status %d, %s", status, stderr)
	}
	status, _, stderr = run(t, nil, "admin", "clock", "accept", dataDir(t))
	if status != exitFailed || !strings.Contains(stderr, "no server runs on") {
		t.Errorf("without a server: exit status %d, %s", status, stderr)
	}
}

func TestAdminCA(t *testing.T) {
	data := dataDir(t)
	if status, _, stderr := run(t, nil, "admin", "ca", data); status != exitFailed || !strings.Contains(stderr, "start the server once") {
		t.Errorf("before the first start: exit status %d, %s", status, stderr)
	}
	start(t, nil, data)
	if status, stdout, _ := run(t, nil, "admin", "ca", data); status != 0 || !strings.HasPrefix(stdout, "-----BEGIN CERTIFICATE-----") {
		t.Errorf("exit status %d, %s", status, stdout)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"srver"}, `did you mean "server"?`},
		{[]string{"server", "--lisen=x"}, `did you mean "--listen"?`},
		{[]string{"server", "--auth=open", "--listen=0.0.0.0:0"}, "--insecure"},
		{[]string{"server", "--memory=lots"}, "512MiB"},
		{[]string{"config", "print", "--config=/nonexistent.yaml"}, "/nonexistent.yaml"},
	} {
		status, _, stderr := run(t, nil, c.args...)
		if status != exitUsage || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "\x1b") {
			t.Errorf("%v: exit status %d, %s", c.args, status, stderr)
		}
	}
	if status, _, stderr := run(t, []string{"MILLRACE_LISEN=x"}, "config", "print"); status != exitUsage || !strings.Contains(stderr, "MILLRACE_LISTEN") {
		t.Errorf("wrong variable: exit status %d, %s", status, stderr)
	}
}

func TestConfigPrintTellsOrigins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte("memory: 1GiB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := run(t, []string{"MILLRACE_FSYNC=interval", "MILLRACE_CONFIG=" + file}, "config", "print", "--pprof", "--listen=:1")
	if status != 0 {
		t.Fatalf("exit status %d, %s", status, stderr)
	}
	for _, want := range []string{`memory +1GiB +m.yaml:1`, `fsync +interval +MILLRACE_FSYNC`, `pprof +true +flag --pprof`, `listen +:1 +flag --listen`, `data +./millrace-data +default`} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(stdout) {
			t.Errorf("no line %q in\n%s", want, stdout)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	if status, stdout, _ := run(t, nil, "version"); status != 0 || !strings.HasPrefix(stdout, "millrace ") {
		t.Errorf("exit status %d, %s", status, stdout)
	}
	if status, stdout, _ := run(t, nil, "version", "--json"); status != 0 || !strings.HasPrefix(stdout, `{"version":`) {
		t.Errorf("exit status %d, %s", status, stdout)
	}
	for _, args := range [][]string{{}, {"--help"}, {"server", "--help"}} {
		if status, stdout, _ := run(t, nil, args...); status != 0 || !strings.Contains(stdout, "Usage: millrace") {
			t.Errorf("%v: exit status %d, %s", args, status, stdout)
		}
	}
}
