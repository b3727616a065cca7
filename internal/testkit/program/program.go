// Package program finds or builds the program for tests that run it as a
// process, and counts what the machine lets them not run. Safe for concurrent use.
package program

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// folder is where what is missing is built, for the life of the tests.
var folder string

// skipped counts the tests that this machine cannot run, or was told not to.
var skipped atomic.Int32

// Main runs the tests of a package, tells how many were skipped, and ends the
// process. TestMain calls it.
func Main(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "millrace-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	folder = dir
	status := m.Run()
	_ = os.RemoveAll(dir)
	if n := skipped.Load(); n > 0 {
		fmt.Printf("%d tests were skipped (-v says why)\n", n)
	}
	os.Exit(status)
}

var released = sync.OnceValues(func() (string, error) { return find("MILLRACE_TEST_BINARY", "millrace") })

var faulty = sync.OnceValues(func() (string, error) {
	return find("MILLRACE_TEST_FAULTS_BINARY", "millrace-faults", "-tags=faults")
})

// Released returns the path of the program as it is released:
// MILLRACE_TEST_BINARY names it, or it is built here.
func Released(t testing.TB) string { return path(t, released) }

// Faults returns the path of the program with the tag "faults":
// MILLRACE_TEST_FAULTS_BINARY names it, or it is built here.
func Faults(t testing.TB) string { return path(t, faulty) }

func path(t testing.TB, f func() (string, error)) string {
	t.Helper()
	p, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find(variable, name string, flags ...string) (string, error) {
	if p := os.Getenv(variable); p != "" {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	p := filepath.Join(folder, name)
	build := exec.Command("go", append(append([]string{"build", "-o", p}, flags...), "github.com/millrace/millrace/cmd/millrace")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return p, nil
}

// Skip skips a test for what the machine lacks; Main counts it. Where CI is set
// it is a failure: nobody would see that the test has stopped running.
func Skip(t testing.TB, what string) {
	t.Helper()
	skipped.Add(1)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Tool returns the path of another program, or skips the test.
func Tool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		Skip(t, name+" is not installed")
	}
	return p
}
