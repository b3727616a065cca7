//go:build faults

package fault

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// Enabled tells whether the binary was built with the tag "faults".
const Enabled = true

// points counts how often each point was passed, and at which pass it kills.
var points = struct {
	sync.Mutex
	passed map[string]int
	deadly map[string]int
}{passed: map[string]int{}, deadly: map[string]int{}}

// die ends the process as kill -9 does: nothing is flushed, nothing deferred.
// A test replaces it.
var die = func() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// Configure reads MILLRACE_FAULT and MILLRACE_FAULT_HOUR. It is called once,
// before anything else of the program starts.
func Configure(getenv func(string) string) error {
	if s := getenv("MILLRACE_FAULT"); s != "" {
		if err := Arm(s); err != nil {
			return err
		}
	}
	if s := getenv("MILLRACE_FAULT_HOUR"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return fmt.Errorf("MILLRACE_FAULT_HOUR: %q is not a duration above zero", s)
		}
		hour = d
	}
	return nil
}

// Arm makes the named points deadly: "name" at its next pass, "name:N" at the
// N-th pass from now; several are separated by commas.
func Arm(spec string) error {
	for item := range strings.SplitSeq(spec, ",") {
		name, count, found := strings.Cut(strings.TrimSpace(item), ":")
		n := 1
		if found {
			var err error
			if n, err = strconv.Atoi(count); err != nil || n < 1 {
				return fmt.Errorf("fault point %q: %q is not a count", name, count)
			}
		}
		if name == "" {
			return fmt.Errorf("fault point %q has no name", item)
		}
		points.Lock()
		points.deadly[name] = points.passed[name] + n
		points.Unlock()
	}
	return nil
}

// Point is a place where the process may be killed.
func Point(name string) {
	points.Lock()
	points.passed[name]++
	now := points.passed[name] == points.deadly[name]
	points.Unlock()
	if now {
		die()
	}
}

// Passed returns how often each point has been passed.
func Passed() map[string]int {
	points.Lock()
	defer points.Unlock()
	return maps.Clone(points.passed)
}

// Names returns the points that were passed, in order.
func Names() []string { return slices.Sorted(maps.Keys(Passed())) }

var hour = time.Hour

// Hour is how long an hour of retention lasts.
func Hour() time.Duration { return hour }

var movable = newMovable(clock.Real)

// Clock is the clock of the process.
func Clock() clock.Clock { return movable }

// MoveClock moves Clock by d, forwards or back, and fires what is due.
func MoveClock(d time.Duration) { movable.move(d) }
