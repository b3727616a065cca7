package cli

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDemoOfAFile(t *testing.T) {
	input := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(input, []byte("a 1\nb 2\na 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := run(t, []string{"TMPDIR=" + t.TempDir()}, "demo", "--input", input)
	if status != 0 || !strings.Contains(stdout, "Every line arrived, in order per key.") || strings.Contains(stdout, "\x1b") || stderr != "" {
		t.Errorf("exit status %d\n%s%s", status, stdout, stderr)
	}
	for _, args := range [][]string{{"--input=/nonexistent"}, {"--listen=256.0.0.1:0"}} {
		if status, _, stderr := run(t, []string{"TMPDIR=" + t.TempDir()}, append([]string{"demo"}, args...)...); status != exitFailed || stderr == "" {
			t.Errorf("%v: exit status %d, %s", args, status, stderr)
		}
	}
	if status, _, _ := run(t, nil, "demo", "--rate=-1"); status != exitUsage {
		t.Errorf("a negative rate: exit status %d", status)
	}
}

func TestDemoEndsOnCtrlCWithTheReckoning(t *testing.T) {
	c := millrace(t, []string{"TMPDIR=" + t.TempDir()}, "demo", "--rate=1000")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(30*time.Second, func() { _ = c.Process.Kill() })
	defer watchdog.Stop()
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "  arrived ") && strings.Count(said.String(), "  arrived ") == 1 {
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = c.Wait()
	for _, want := range []string{"no more lines", "The reckoning, by input position", "Every line arrived"} {
		if !strings.Contains(said.String(), want) || err != nil {
			t.Errorf("%v, no %q in\n%s", err, want, said.String())
		}
	}
}
