package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// script runs a demo and returns what it says.
func script(t *testing.T, o Options) (*Reckoning, string) {
	t.Helper()
	var out bytes.Buffer
	o.Stdout, o.Listen, o.Getenv = &out, "127.0.0.1:0", func(string) string { return "" }
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "out")
	}
	if o.Data == "" {
		o.Data = filepath.Join(t.TempDir(), "data")
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !r.OK() {
		t.Errorf("not all is well:\n%s", out.String())
	}
	return r, out.String()
}

// written returns the lines of the files, sorted.
func written(t *testing.T, dir string) (lines []string, files int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "shardId-*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(lines)
	return lines, len(paths)
}

func TestFileOfLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	input := filepath.Join(dir, "lines.txt")
	var want []string
	for i := range 20_000 {
		want = append(want, fmt.Sprintf("user%d does thing %d\t%s", i%700, i, strings.Repeat("z", i%90)))
	}
	// No field, no end, a carriage return, a tab first, bytes that are no text, and a long line.
	want = append(want, "", "  ", "user1\r", "\tx y", "user2 \xff\xfe", "user3 "+strings.Repeat("long ", 100_000), "user1 the last has no end")
	if err := os.WriteFile(input, []byte(strings.Join(want, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Input: input, Data: filepath.Join(dir, "data"), Out: filepath.Join(dir, "out")}
	r, said := script(t, o)
	if r.Sent != uint64(len(want)) || r.Arrived != r.Sent {
		t.Errorf("sent %d, arrived %d of %d lines", r.Sent, r.Arrived, len(want))
	}
	if r.Resent > 0 {
		t.Fatalf("%d lines were stored twice: their requests had no answer", r.Resent)
	}
	got, files := written(t, o.Out)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines were written that are not the %d of the input", len(got), len(want))
	}
	// Four shards, two after the split, one after the merge; lines went into the last.
	if files != 7 {
		t.Errorf("%d files", files)
	}
	for _, say := range []string{"split shard", "merged shards", "export AWS_SECRET_ACCESS_KEY=", "aws kinesis list-shards --stream-name demo", "Every line arrived", "millrace server --data " + o.Data} {
		if !strings.Contains(said, say) {
			t.Errorf("it does not say %q:\n%s", say, said)
		}
	}
	if strings.Contains(said, "\x1b") {
		t.Error("colours in a pipe")
	}
	// A second one on the same data has a stream of its own.
	o.Out = filepath.Join(dir, "again")
	if _, said := script(t, o); !strings.Contains(said, "stream demo-2") {
		t.Errorf("the second is not on demo-2:\n%s", said)
	}
}

func TestEventsForATime(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	r, err := Run(t.Context(), Options{For: 200 * time.Millisecond, Rate: 5000, Listen: "127.0.0.1:0", Stdout: &out, Terminal: true, Colour: true, Getenv: func(name string) string {
		return map[string]string{"MILLRACE_ROOT_ACCESS_KEY_ID": "AKIDGIVEN", "MILLRACE_ROOT_SECRET_ACCESS_KEY": "hush"}[name]
	}})
	if err != nil || !r.OK() || r.Sent == 0 || r.Sent > 20_000 {
		t.Fatalf("%v, %+v\n%s", err, r, out.String())
	}
	if strings.Contains(out.String(), "hush") || !strings.Contains(out.String(), "\x1b[2K") {
		t.Errorf("it shows a given secret, or does not redraw:\n%q", out.String())
	}
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "millrace-demo-*", "*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "out" {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStopEndsEarly(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	time.AfterFunc(100*time.Millisecond, func() { close(stop) })
	if r, said := script(t, Options{Rate: 2000, Stop: stop}); r.Sent > 20_000 || !strings.Contains(said, "no more lines") {
		t.Errorf("%d lines:\n%s", r.Sent, said)
	}
}

func TestLineThatNoRecordHolds(t *testing.T) {
	t.Parallel()
	input := filepath.Join(t.TempDir(), "long.txt")
	if err := os.WriteFile(input, []byte("a\n"+strings.Repeat("x", maxLine+1)+"\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, err := Run(t.Context(), Options{Input: input, Data: filepath.Join(t.TempDir(), "data"), Out: t.TempDir(), Listen: "127.0.0.1:0", Stdout: &out, Getenv: func(string) string { return "" }})
	if err != nil || r.OK() || !strings.Contains(out.String(), "line 2 is longer than") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestWhatKeepsItFromBeginning(t *testing.T) {
	for _, o := range []Options{{Input: filepath.Join(t.TempDir(), "none")}, {Input: t.TempDir()}, {Listen: "nowhere"}} {
		o.Data, o.Out, o.Stdout, o.Getenv = filepath.Join(t.TempDir(), "data"), t.TempDir(), &bytes.Buffer{}, func(string) string { return "" }
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v was run", o)
		}
	}
}
