package crash

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	crashFor  = flag.Duration("crash.for", time.Minute, "how long TestKill goes on")
	crashSeed = flag.Uint64("crash.seed", 0, "seed of the random choices; 0: one from the clock")
)

// binary is the program under test.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if *crashSeed == 0 {
		*crashSeed = uint64(time.Now().UnixNano())
	}
	status := withBinary(m.Run)
	if n := skipped.Load(); n > 0 {
		fmt.Printf("%d tests were skipped, for what this machine lacks (-v names it)\n", n)
	}
	os.Exit(status)
}

// withBinary runs f once there is a binary.
func withBinary(f func() int) int {
	if binary = os.Getenv("MILLRACE_TEST_FAULTS_BINARY"); binary != "" {
		if _, err := os.Stat(binary); err != nil {
			fmt.Fprintln(os.Stderr, "MILLRACE_TEST_FAULTS_BINARY:", err, "(make faults)")
			return 1
		}
		return f()
	}
	dir, err := os.MkdirTemp("", "millrace-crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "millrace-faults")
	build := exec.Command("go", "build", "-tags", "faults", "-o", binary, "../../cmd/millrace")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the binary:", err)
		return 1
	}
	return f()
}
