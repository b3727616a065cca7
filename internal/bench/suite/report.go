package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run of the suite leaves behind.
type Report struct {
	Date     string  `json:"date"` // RFC 3339
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	Platform string  `json:"platform"`
	Go       string  `json:"go"`
	Version  string  `json:"version"` // of Millrace
	Seconds  float64 `json:"seconds"` // of each measurement
	Warmup   float64 `json:"warmup_seconds"`
	Median   int     `json:"median_of"`
	Quick    bool    `json:"quick,omitempty"`
	Rows     []Row   `json:"rows"`
}

// NewReport describes this machine.
func NewReport(o Options, version string, now time.Time, rows []Row) *Report {
	return &Report{
		Date: now.UTC().Format(time.RFC3339), CPU: cpu(), Cores: runtime.NumCPU(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Version: version, Seconds: o.Duration.Seconds(), Warmup: o.Warmup.Seconds(), Median: o.Runs, Quick: o.Quick, Rows: rows,
	}
}

// cpu returns the name of the processor, "unknown" where nothing tells it.
func cpu() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// Print writes the table for a person.
func (r *Report) Print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tAT LEAST\tMEASURED\tVERDICT")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", row.What, row.Bar, row.Measured, row.Verdict)
	}
	_ = t.Flush() // w tells its own errors
}

// JSON writes the report with every measurement.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Markdown returns the table for a reader of the repository.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, %s\n\n", r.Date[:len("2006-01-02")], r.CPU)
	fmt.Fprintf(&b, "%d cores, %s, %s, Millrace %s. Each speed is the median of %d runs of %.0f s after %.0f s of warm-up, client on the same machine; "+
		"what a speed is compared with ran in turn with it.", r.Cores, r.Platform, r.Go, r.Version, r.Median, r.Seconds, r.Warmup)
	if r.Quick {
		b.WriteString(" A quick run: its verdicts are only a hint.")
	}
	b.WriteString("\n\n| what | at least | measured | verdict |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell.Replace(row.What), cell.Replace(row.Bar), cell.Replace(row.Measured), row.Verdict)
	}
	return b.String()
}

// Save writes the report as JSON and as Markdown into dir, named after the day
// and the processor, and returns the name without its ending.
func (r *Report) Save(dir string) (string, error) {
	name := filepath.Join(dir, r.Date[:len("2006-01-02")]+"-"+slug(r.CPU))
	if r.Quick {
		name += "-quick"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	f, err := os.Create(name + ".json")
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := r.JSON(f); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return name, os.WriteFile(name+".md", []byte(r.Markdown()), 0o644)
}

// slug makes a part of a file's name.
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	return strings.Join(words, "-")
}
