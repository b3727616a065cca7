package conformance

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
func TestPython(t *testing.T)               { python(t, "suite.py") }
func TestPythonOnQueues(t *testing.T)       { python(t, "sqs.py") }
func TestPythonOnStreamQueues(t *testing.T) { python(t, "stream_queues.py") }
func TestCelery(t *testing.T)               { python(t, "celery_suite.py") }
func TestCLI(t *testing.T)                  { cli(t, "suite.sh") }
func TestCLIOnQueues(t *testing.T)          { cli(t, "sqs.sh") }
func TestJavaScript(t *testing.T)           { javaScript(t, "suite.mjs") }
func TestJavaScriptOnQueues(t *testing.T)   { javaScript(t, "sqs.mjs") }
func TestJava(t *testing.T)                 { java(t, "Suite") }
func TestJavaOnQueues(t *testing.T)         { java(t, "Queues") }

func python(t *testing.T, name string) {
	t.Parallel()
	runClient(t, installed(t, "python/bin/python"), filepath.Join("python", name))
}

func cli(t *testing.T, name string) {
	t.Parallel()
	aws := installed(t, "python/bin/aws")
	runClient(t, "/bin/bash", filepath.Join("cli", name), "AWS_CLI="+aws)
}

func javaScript(t *testing.T, name string) {
	t.Parallel()
	// Node looks for modules beside the program.
	dir := filepath.Dir(installed(t, "js/node_modules"))
	if err := copyPrograms(dir); err != nil {
		t.Fatal(err)
	}
	runClient(t, program.Tool(t, "node"), filepath.Join(dir, name))
}

var copyPrograms = once(func(dir string) error {
	programs, err := filepath.Glob("js/*.mjs")
	for _, p := range programs {
		var text []byte
		if text, err = os.ReadFile(p); err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(p)), text, 0o600)
		}
		if err != nil {
			break
		}
	}
	return err
})

func java(t *testing.T, class string) {
	t.Parallel()
	classpath := strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(installed(t, "java/classpath")))))
	classes := filepath.Join(clients(t), "java", "classes")
	runtime, compiler := program.Tool(t, "java"), program.Tool(t, "javac")
	if err := compilePrograms([3]string{compiler, classpath, classes}); err != nil {
		t.Fatal(err)
	}
	runClient(t, runtime, "-cp", classes+":"+classpath, class)
}

var compilePrograms = once(func(how [3]string) error {
	programs, err := filepath.Glob("java/*.java")
	if err != nil {
		return err
	}
	out, err := exec.Command(how[0], append([]string{"-proc:none", "-nowarn", "-cp", how[1], "-d", how[2]}, programs...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// once makes a function that runs at its first call, and has others wait for it.
func once[A any](f func(A) error) func(A) error {
	var o sync.Once
	var err error
	return func(a A) error {
		o.Do(func() { err = f(a) })
		return err
	}
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
	s := startQueues(t)
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
