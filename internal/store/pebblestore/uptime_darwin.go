package pebblestore

import (
	"time"

	"golang.org/x/sys/unix"
)

func machineUptime() uptime {
	boot, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		boot = "" // every process is a start of its own then
	}
	return uptime{boot, func() time.Duration {
		// It counts sleep, and nobody sets it: CLOCK_MONOTONIC follows the wall clock.
		return clockTime(unix.CLOCK_MONOTONIC_RAW)
	}}
}
