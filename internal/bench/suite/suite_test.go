package suite

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/bench"
)

func TestMedians(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}} {
		if got := median(c.v); got != c.want {
			t.Errorf("median of %v: %v", c.v, got)
		}
	}
	// The third pair was slow for both.
	if got := medianRatio([]float64{60, 66, 30}, []float64{100, 100, 50}); got != 0.6 {
		t.Errorf("ratio %v", got)
	}
	second, last := quarters([]int64{100, 100, 5, 7, 9, 9, 20, 22})
	if second != 6 || last != 21 {
		t.Errorf("quarters %v %v", second, last)
	}
	first, last, err := windows([]int64{1, 3, 100, 4, 6}, 2)
	if err != nil || first != 2 || last != 5 {
		t.Errorf("windows %v %v %v", first, last, err)
	}
	if _, _, err := windows([]int64{1}, 2); err == nil {
		t.Error("a window out of nothing")
	}
}

func TestVerdicts(t *testing.T) {
	if verdict(true, 0) != NoBar || verdict(true, 1) != Reached || verdict(false, 1) != Missed {
		t.Error("verdicts")
	}
}

func TestThousands(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567.6: "1,234,568", -123: "-123", -123456: "-123,456"} {
		if got := thousands(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}

func TestValuesOfProc(t *testing.T) {
	text := "Name:\tx\nVmRSS:\t   1234 kB\nVmRSSx:\t5 kB\nbad:\n"
	if n, ok := valueOf(text, "VmRSS"); !ok || n != 1234 {
		t.Errorf("%d %v", n, ok)
	}
	for _, name := range []string{"none", "bad", "Name"} {
		if n, ok := valueOf(text, name); ok {
			t.Errorf("%s: %d", name, n)
		}
	}
}

func TestProcessorTime(t *testing.T) {
	text := "77 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20"
	if got, err := processorOf(text); err != nil || got != 2*time.Second {
		t.Errorf("%v %v", got, err)
	}
	for _, text := range []string{"", "77 (x) S 1", "77 (x) S 1 2 3 4 5 6 7 8 9 10 a 50"} {
		if got, err := processorOf(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestMetricsAreFound(t *testing.T) {
	text := "# HELP a_b x\na_bc 3\na_b{x=\"y\"} 4\na_b 1.5e+06\n"
	if got, err := metric(text, "a_b"); err != nil || got != 1.5e6 {
		t.Errorf("%v %v", got, err)
	}
	if got, err := metric(text, "a"); err == nil {
		t.Errorf("%v", got)
	}
}

func TestReports(t *testing.T) {
	rows := []Row{{Group: "g", What: "a|b", Bar: "1", Measured: "2\n3", Verdict: Reached, Runs: []*bench.Result{{Records: 7}}}}
	r := NewReport(Options{Duration: 30 * time.Second, Warmup: 5 * time.Second, Runs: 3}, "v1", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), rows)
	r.CPU = "Some CPU @ 3.0GHz (R)"
	name, err := r.Save(t.TempDir() + "/new")
	if err != nil || !strings.HasSuffix(name, "/new/2026-01-02-some-cpu-3-0ghz-r") {
		t.Fatal(name, err)
	}
	text, err := os.ReadFile(name + ".md")
	if err != nil || !strings.Contains(string(text), "\n| a\\|b | 1 | 2 3 | reached |\n") || !strings.HasPrefix(string(text), "# 2026-01-02, Some CPU") {
		t.Errorf("%s %v", text, err)
	}
	var back Report
	text, err = os.ReadFile(name + ".json")
	if err != nil || json.Unmarshal(text, &back) != nil || back.Rows[0].Runs[0].Records != 7 {
		t.Errorf("%s %v", text, err)
	}
	var table strings.Builder
	r.Print(&table)
	if !strings.Contains(table.String(), "VERDICT") || !strings.Contains(table.String(), "reached") {
		t.Error(table.String())
	}
}

func TestUnknownGroups(t *testing.T) {
	if _, err := Run(t.Context(), Options{Only: []string{"nonsense"}, Log: io.Discard}); err == nil || !slices.Contains(Groups(), "put-records") {
		t.Error(err)
	}
}
