package suite

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

// Verdict says whether a row reached its bar.
type Verdict string

// The verdicts.
const (
	Reached Verdict = "reached"
	Missed  Verdict = "missed"
	NoBar   Verdict = "-"
	Skipped Verdict = "not measured"
	Failed  Verdict = "failed"
)

// Row is one row of the table.
type Row struct {
	Group    string  `json:"group"`
	What     string  `json:"what"`
	Bar      string  `json:"bar"`
	Measured string  `json:"measured"`
	Verdict  Verdict `json:"verdict"`
	// Ratio is the median of the ratios of neighbours, where the bar is one.
	Ratio float64 `json:"ratio,omitempty"`
	// Runs are the measurements, and Compared those that they are compared with.
	Runs     []*bench.Result `json:"runs,omitempty"`
	Compared []*bench.Result `json:"compared,omitempty"`
}

// verdict judges a row; a least of zero means that it has no bar.
func verdict(reached bool, least float64) Verdict {
	switch {
	case least == 0:
		return NoBar
	case reached:
		return Reached
	}
	return Missed
}

// keep adds the measurements to their rows.
func keep(rows []Row, runs [][]*bench.Result, compared []*bench.Result) []Row {
	for i := range rows {
		rows[i].Runs, rows[i].Compared = runs[i], compared
	}
	return rows
}

func rates(results []*bench.Result) (out []float64) {
	for _, r := range results {
		out = append(out, r.RecordRate())
	}
	return out
}

func byteRates(results []*bench.Result) (out []float64) {
	for _, r := range results {
		out = append(out, r.ByteRate())
	}
	return out
}

func medianP99(results []*bench.Result) time.Duration {
	var all []float64
	for _, r := range results {
		all = append(all, float64(r.Latency.P99))
	}
	return time.Duration(median(all))
}

// median returns the middle value, the mean of the two middle ones of an even
// number, 0 of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// medianRatio returns the median of a[i]/b[i].
func medianRatio(a, b []float64) float64 {
	var all []float64
	for i := range a {
		if b[i] > 0 {
			all = append(all, a[i]/b[i])
		}
	}
	return median(all)
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
