package crash

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/crash/history"
)

// exitStorage is the exit status of a server whose disk failed (docs/ops).
const exitStorage = 70

// TestDiskThatFails lets the calls fail with which a running server writes and
// syncs its write-ahead log. The server must end, with a status of its own, and
// must not have acknowledged anything since.
func TestDiskThatFails(t *testing.T) {
	strace := program.Tool(t, "strace")
	for _, c := range []struct{ name, calls, fails string }{
		{"sync", "fsync,fdatasync", "EIO"},
		{"write", "write,pwrite64,writev,pwritev,pwritev2", "EIO"},
		{"no space", "write,pwrite64,writev,pwritev,pwritev2", "ENOSPC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "--min-free=0", "--shard-limits=off", "--transition-delay=1ms")
			srv := site.start()
			if _, err := srv.client().CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(2)}); err != nil {
				t.Fatal(err)
			}
			if _, err := settled(t.Context(), srv.client(), "s"); err != nil {
				t.Fatal(err)
			}
			writers := []*writer{newWriter(1, "s", 1), newWriter(2, "s", 1), newWriter(3, "s", 20)}
			for _, w := range writers {
				if err := w.put(t.Context(), srv.client()); err != nil {
					t.Fatal(err)
				}
			}
			wal := newest(t, filepath.Join(site.data, "pebble", "*.log"))

			trace := exec.Command(strace, "-f", "-p", strconv.Itoa(srv.Pid()), "-o", os.DevNull, "-P", wal,
				"-e", "trace="+c.calls, "-e", "inject="+c.calls+":error="+c.fails)
			said, err := trace.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := trace.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = trace.Process.Kill() // it ends with the server
				_ = trace.Wait()
			})
			lines := bufio.NewScanner(said)
			if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
				program.Skip(t, "strace may not look into a process: "+lines.Text())
			}
			attached := time.Since(epoch)

			done := make(chan error)
			for _, w := range writers {
				go func() { done <- w.run(t.Context(), srv.client()) }()
			}
			for range writers {
				<-done
			}
			select {
			case <-srv.Done():
			case <-time.After(20 * time.Second):
				t.Fatal("the server goes on though its log cannot be written")
			}
			if status := srv.ExitStatus(); status != exitStorage || !strings.Contains(srv.Tail(6000), "the disk failed") {
				t.Errorf("ended with %v:\n%s", srv.Ended(), srv.Tail(6000))
			}
			for _, w := range writers {
				last := w.attempts[len(w.attempts)-1]
				if last.Began < attached || last.Outcome == history.Acknowledged {
					t.Errorf("%s began %v after the failure and is %v", last.ID, last.Began-attached, last.Outcome)
				}
				for _, a := range w.attempts {
					if a.Began > attached && a.Outcome == history.Acknowledged {
						t.Errorf("%s was acknowledged %v after the disk had failed", a.ID, a.Ended-attached)
					}
				}
			}
			checkStream(t, site.start().client(), "s", writers...)
			site.checkStarts()
		})
	}
}

// newest returns the file of the pattern that was changed last.
func newest(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file %s", pattern)
	}
	best, at := "", time.Time{}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && (best == "" || !info.ModTime().Before(at)) {
			best, at = name, info.ModTime()
		}
	}
	return best
}
