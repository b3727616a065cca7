package conformance

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/testkit/program"
)

// clientTimeout is how long the program of one client may run.
const clientTimeout = 4 * time.Minute

// clients is the folder into which setup has installed the clients.
func clients(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MILLRACE_TEST_CLIENTS")
	if dir == "" {
		dir = "../../build/clients"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// The programs of the clients, by folder; each gets a server of its own.
func TestPython(t *testing.T) {
	t.Parallel()
	runClient(t, installed(t, "python/bin/python"), "python/suite.py")
}

func TestCLI(t *testing.T) {
	t.Parallel()
	aws := installed(t, "python/bin/aws")
	runClient(t, "/bin/bash", "cli/suite.sh", "AWS_CLI="+aws)
}

func TestJavaScript(t *testing.T) {
	t.Parallel()
	// Node looks for modules beside the program.
	suite := filepath.Join(filepath.Dir(installed(t, "js/node_modules")), "suite.mjs")
	text := must[[]byte](t)(os.ReadFile("js/suite.mjs"))
	if err := os.WriteFile(suite, text, 0o600); err != nil {
		t.Fatal(err)
	}
	runClient(t, program.Tool(t, "node"), suite)
}

func TestJava(t *testing.T) {
	t.Parallel()
	classpath := must[[]byte](t)(os.ReadFile(installed(t, "java/classpath")))
	runClient(t, program.Tool(t, "java"), "-cp", strings.TrimSpace(string(classpath)), "java/Suite.java")
}

// installed returns the path of something that setup installs.
func installed(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(clients(t), name)
	if _, err := os.Stat(path); err != nil {
		program.Skip(t, name+" is not installed (make clients)")
	}
	return path
}

// runClient runs a client's program against a fresh server, and makes a subtest
// of each line that it prints. Words that begin with AWS_ are environment.
func runClient(t *testing.T, path string, words ...string) {
	t.Helper()
	s := start(t)
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"AWS_ENDPOINT_URL="+s.url, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"TLS_ENDPOINT="+s.tls, "CA_FILE="+s.ca(), "PYTHONUNBUFFERED=1")
	for _, w := range words {
		if strings.HasPrefix(w, "AWS_") {
			cmd.Env = append(cmd.Env, w)
		} else {
			cmd.Args = append(cmd.Args, w)
		}
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(clientTimeout, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	checks, done := 0, false
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		line := lines.Text()
		name, why, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "not "), "ok "), ": ")
		switch {
		case line == "done":
			done = true
		case strings.HasPrefix(line, "ok "):
			checks++
			t.Run(name, func(*testing.T) {})
		case strings.HasPrefix(line, "not ok "):
			checks++
			t.Run(name, func(t *testing.T) { t.Error(why) })
		default:
			t.Log(line)
		}
	}
	if err := cmd.Wait(); err != nil || !done || checks == 0 {
		t.Errorf("the client ended with %v after %d checks:\n%s", err, checks, complaints.String())
	}
}
