//go:build !faults

package fault

import (
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// Enabled tells whether the binary was built with the tag "faults".
const Enabled = false

// Configure reads the variables of the environment; here there are none.
func Configure(func(string) string) error { return nil }

// Point is a place where the process may be killed.
func Point(string) {}

// Hour is how long an hour of retention lasts.
func Hour() time.Duration { return time.Hour }

// Clock is the clock of the process.
func Clock() clock.Clock { return clock.Real }
