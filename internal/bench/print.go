package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print writes the result as a table for a person.
func (r *Result) Print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	line("operation", "%s, %s, %d connections, %.0f s", r.Operation, r.Protocol, r.Connections, r.Seconds)
	records := "records"
	if r.Operation.queued() {
		records = "messages"
	}
	line(records, "%d, %.0f/s", r.Records, r.RecordRate())
	line("data", "%.1f MB, %.1f MB/s", float64(r.Bytes)/1e6, r.ByteRate()/1e6)
	line("requests", "%d, %.0f/s", r.Requests, r.RequestRate())
	what := "latency"
	if r.Operation == SubscribeToShard {
		what = "arrival after acknowledgement"
	}
	l := r.Latency
	line(what, "p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", Short(l.P50), Short(l.P90), Short(l.P99), Short(l.P999), Short(l.Max))
	line("errors", "%d", r.Errors)
	if r.FirstError != "" {
		line("first error", "%s", r.FirstError)
	}
}

// Short writes a duration with three digits.
func Short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
}
