package conformance

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// binary is the program under test.
var binary string

// built is the folder of what is built here.
var built string

// skipped counts the tests that this machine cannot run, or was told not to.
var skipped atomic.Int32

func TestMain(m *testing.M) {
	flag.Parse()
	status := withBinary(m.Run)
	if n := skipped.Load(); n > 0 {
		fmt.Printf("%d tests were skipped (-v says why)\n", n)
	}
	os.Exit(status)
}

// withBinary runs f once there is a binary: the one that MILLRACE_TEST_BINARY
// names, or one that is built here.
func withBinary(f func() int) int {
	if testing.Short() {
		return f() // which skips every test
	}
	var err error
	if built, err = os.MkdirTemp("", "millrace-conformance-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(built)
	if binary = os.Getenv("MILLRACE_TEST_BINARY"); binary != "" {
		if _, err := os.Stat(binary); err == nil {
			return f()
		}
	}
	binary = filepath.Join(built, "millrace")
	if err := build(binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return f()
}

// build makes the binary with the flags given.
func build(path string, flags ...string) error {
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), "../../cmd/millrace")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return nil
}

// skip skips a test for what the machine lacks; where CI is set that is a failure,
// since nobody would see that the test has stopped running.
func skip(t *testing.T, what string) {
	t.Helper()
	skipped.Add(1)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
