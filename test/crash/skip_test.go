package crash

import (
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
)

// skipped counts the tests that were skipped because the machine lacks something.
var skipped atomic.Int32

// skip skips a test for what the machine lacks; TestMain counts it. Where CI is
// set it is a failure: nobody would see that the test has stopped running.
func skip(t *testing.T, what string) {
	t.Helper()
	skipped.Add(1)
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// program returns the path of a program, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		skip(t, name+" is not installed")
	}
	return path
}
