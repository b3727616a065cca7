package pebblestore

import (
	"bytes"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func machineUptime() uptime {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot = nil // every process is a start of its own then
	}
	return uptime{string(bytes.TrimSpace(boot)), func() time.Duration {
		return clockTime(unix.CLOCK_BOOTTIME)
	}}
}
