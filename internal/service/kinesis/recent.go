package kinesis

import "time"

const day = 24 * time.Hour

// recent returns the times of the last 24 h, in a new slice.
func recent(times []time.Time, now time.Time) []time.Time {
	var out []time.Time
	for _, t := range times {
		if now.Sub(t) < day {
			out = append(out, t)
		}
	}
	return out
}
