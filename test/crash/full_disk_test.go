package crash

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/internal/testkit/program"
	"github.com/millrace/millrace/test/crash/history"
)

// onSmallDisk moves a site to a file system of its own, of so many bytes, and
// returns where that is mounted. It takes the right to mount one.
func (s *site) onSmallDisk(size string) (disk string) {
	s.t.Helper()
	mount, umount := program.Tool(s.t, "mount"), program.Tool(s.t, "umount")
	disk = filepath.Join(filepath.Dir(s.data), "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if out, err := exec.CommandContext(s.t.Context(), mount, "-t", "tmpfs", "-o", "size="+size, "tmpfs", disk).CombinedOutput(); err != nil {
		program.Skip(s.t, "no small disk can be mounted here: "+string(out))
	}
	s.t.Cleanup(func() {
		if out, err := exec.Command(umount, disk).CombinedOutput(); err != nil {
			s.t.Errorf("%v: %s", err, out)
		}
	})
	s.data = filepath.Join(disk, "data")
	return disk
}

// newBulkWriter writes some 150 KB a call.
func newBulkWriter(id uint32, stream string) *writer {
	w := newWriter(id, stream, 30)
	w.maxBytes, w.even = 20_000, true
	return w
}

// fill puts until a record is refused. The server looks at its disk once a
// second, so it goes about it slowly: some 10 MB/s at most.
func fill(t *testing.T, c *kinesis.Client, w *writer) {
	t.Helper()
	await(t, 60*time.Second, "the disk is full", func() bool {
		pause(t.Context(), 5*time.Millisecond)
		return put(t, c, w) == history.Refused
	})
}

// put makes one call and returns what became of its last record.
func put(t *testing.T, c *kinesis.Client, w *writer) history.Outcome {
	t.Helper()
	if err := w.put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return w.attempts[len(w.attempts)-1].Outcome
}

// wantFull asserts that writes are refused, with the cause, and that the server
// says so.
func wantFull(t *testing.T, srv *server, stream string) {
	t.Helper()
	const cause = "the disk of the server is nearly full"
	_, err := srv.client().PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: aws.String("k"), Data: []byte("x")})
	var refused smithy.APIError
	if !errors.As(err, &refused) || !internal(err) || !strings.Contains(refused.ErrorMessage(), cause) {
		t.Errorf("PutRecord on a full disk: %v", err)
	}
	out, err := srv.client().PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: &stream, Records: []types.PutRecordsRequestEntry{{PartitionKey: aws.String("k"), Data: []byte("x")}}})
	if err != nil || aws.ToString(out.Records[0].ErrorCode) != "InternalFailure" || !strings.Contains(aws.ToString(out.Records[0].ErrorMessage), cause) {
		t.Errorf("PutRecords on a full disk: %+v, %v", out, err)
	}
	_, err = srv.client().CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("one-more"), ShardCount: aws.Int32(1)})
	if !errors.As(err, &refused) || !internal(err) || !strings.Contains(refused.ErrorMessage(), cause) {
		t.Errorf("CreateStream on a full disk: %v", err)
	}
	if _, health := srv.own(http.MethodGet, "health"); !strings.Contains(health, "disk-low") || !strings.Contains(health, "--min-free") {
		t.Errorf("health on a full disk: %s", health)
	}
}

func createStream(t *testing.T, c *kinesis.Client, name string, shards int32) {
	t.Helper()
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	if st, err := settled(t.Context(), c, name); err != nil || st == "" {
		t.Fatalf("stream %s is %q: %v", name, st, err)
	}
}

// TestFullDisk fills a small disk down to the reserve: writes are refused, reads
// go on, also after a kill -9 and a start on the full disk, and when a stream is
// deleted writes go on by themselves.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	site := newSite(t, "--min-free=32MiB", "--memory=64MiB", "--shard-limits=off", "--transition-delay=1ms")
	site.onSmallDisk("96m")
	srv := site.start()
	c := srv.client()
	kept, bulk := newBulkWriter(1, "kept"), newBulkWriter(2, "bulk")
	for _, w := range []*writer{kept, bulk} {
		createStream(t, c, w.stream, 2)
		put(t, c, w)
	}
	fill(t, c, bulk)
	for range 2 {
		put(t, c, kept) // refused, and must not be there
		wantFull(t, srv, "kept")
		checkStream(t, c, "kept", kept)
		checkStream(t, c, "bulk", bulk)
		srv.Kill()
		srv = site.start()
		c = srv.client()
		checkStream(t, c, "bulk", bulk)
		fill(t, c, bulk) // a start brings what is in logs into tables, which frees some
	}
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("bulk")}); err != nil {
		t.Fatalf("a deletion on a full disk: %v", err)
	}
	await(t, 30*time.Second, "writes go on after a deletion", func() bool { return put(t, c, kept) == history.Acknowledged })
	if status, health := srv.own(http.MethodGet, "health"); status != 200 || strings.Contains(health, "disk-low") {
		t.Errorf("health is %d, %s", status, health)
	}
	checkStream(t, c, "kept", kept)
	srv.Kill()
	checkStream(t, site.start().client(), "kept", kept)
	site.checkStarts()
}

// TestFullDiskIsTrimmed: what becomes too old makes room, and writes go on by
// themselves.
func TestFullDiskIsTrimmed(t *testing.T) {
	t.Parallel()
	site := newSite(t, "--min-free=24MiB", "--memory=64MiB", "--shard-limits=off", "--transition-delay=1ms")
	site.onSmallDisk("64m")
	site.env = []string{"MILLRACE_FAULT_HOUR=400ms"} // records are kept for 10 s
	srv := site.start()
	c := srv.client()
	createStream(t, c, "s", 2)
	w := newBulkWriter(1, "s")
	fill(t, c, w)
	await(t, 60*time.Second, "writes go on after a trim", func() bool { return put(t, c, w) == history.Acknowledged })
	if !srv.Alive() {
		t.Errorf("the server ended: %s", srv.Ended())
	}
}

// TestDiskRunsOut writes without a reserve until the disk has no room at all.
// Where the write-ahead log meets that first the server must end, with its own
// status; where a table does, calls wait. Once there is room again all that was
// acknowledged is there, and writes go on.
func TestDiskRunsOut(t *testing.T) {
	t.Parallel()
	site := newSite(t, "--min-free=0", "--memory=64MiB", "--shard-limits=off", "--transition-delay=1ms")
	disk := site.onSmallDisk("64m")
	srv := site.start()
	createStream(t, srv.client(), "s", 2)
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
	defer cancel()
	writers := []*writer{newBulkWriter(1, "s"), newBulkWriter(2, "s")}
	done := make(chan error)
	for _, w := range writers {
		go func() { done <- w.run(ctx, srv.client()) }()
	}
	for range writers {
		if err := <-done; err == nil || code(err) != "" {
			t.Errorf("a writer ended with %v", err)
		}
	}
	ended := !srv.Alive()
	if ended && (srv.ExitStatus() != exitStorage || !strings.Contains(srv.Text(), "the disk failed")) {
		t.Errorf("ended with %s:\n%s", srv.Ended(), srv.Tail(6000))
	}
	t.Logf("the server ended: %t", ended)
	// Without any room a server may not be able to start. It says why.
	if ended {
		if srv, err := site.tryStart(); err != nil && !strings.Contains(err.Error(), "no space left on device") {
			t.Error(err)
		} else if err == nil {
			checkStream(t, srv.client(), "s", writers...)
			srv.Kill()
		}
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,size=160m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if ended {
		srv = site.start()
	}
	more := newBulkWriter(3, "s")
	if put(t, srv.client(), more) != history.Acknowledged {
		t.Error("no writes after there is room again")
	}
	srv.Kill()
	checkStream(t, site.start().client(), "s", append(writers, more)...)
}
