package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// binary is the program under test.
var binary string

// skipped counts the clients that this machine cannot run.
var skipped atomic.Int32

func TestMain(m *testing.M) {
	status := withBinary(m.Run)
	if n := skipped.Load(); n > 0 {
		fmt.Printf("%d clients were skipped, for what this machine lacks (-v names it)\n", n)
	}
	os.Exit(status)
}

// withBinary runs f once there is a binary: the one that MILLRACE_TEST_BINARY
// names, or one that is built here.
func withBinary(f func() int) int {
	if binary = os.Getenv("MILLRACE_TEST_BINARY"); binary != "" {
		if _, err := os.Stat(binary); err == nil {
			return f()
		}
	}
	dir, err := os.MkdirTemp("", "millrace-conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "millrace")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/millrace")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the binary:", err)
		return 1
	}
	return f()
}

// skip skips a client for what the machine lacks.
func skip(t *testing.T, what string) {
	t.Helper()
	skipped.Add(1)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
