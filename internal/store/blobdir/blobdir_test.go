package blobdir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/store"
)

func open(t *testing.T, fs vfs.FS) *Dir {
	t.Helper()
	d, err := Open(fs, "blobs")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t *testing.T, d *Dir, data []byte) string {
	t.Helper()
	w, err := d.Create(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 7919)
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(d *Dir, id string) ([]byte, error) {
	r, err := d.Open(context.Background(), id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

func randomBytes(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestSizes(t *testing.T) {
	d := open(t, vfs.NewMem())
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3 * chunkSize, 3*chunkSize + 17} {
		data := randomBytes(n)
		id := put(t, d, data)
		got, err := get(d, id)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: read %d bytes, %v", n, len(got), err)
		}
	}
}

func TestReadAt(t *testing.T) {
	d := open(t, vfs.NewMem())
	data := randomBytes(2*chunkSize + 100)
	r, err := d.Open(context.Background(), put(t, d, data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, tc := range []struct{ off, n int }{{0, 1}, {5, 0}, {chunkSize - 1, 2}, {chunkSize, chunkSize}, {10, 2 * chunkSize}, {len(data) - 3, 3}} {
		p := make([]byte, tc.n)
		n, err := r.ReadAt(p, int64(tc.off))
		if n != tc.n || err != nil || !bytes.Equal(p, data[tc.off:tc.off+tc.n]) {
			t.Errorf("ReadAt(%d bytes, %d) = %d, %v", tc.n, tc.off, n, err)
		}
	}
	if n, err := r.ReadAt(make([]byte, 10), int64(len(data))-4); n != 4 || err != io.EOF {
		t.Errorf("read over the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(make([]byte, 1), int64(len(data))+4); n != 0 || err != io.EOF {
		t.Errorf("read behind the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read at -1 succeeded")
	}
}

func TestNothingBeforeCommit(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem()
	d := open(t, fs)
	w, err := d.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("half"))
	if ids, err := d.List(ctx); len(ids) != 0 || err != nil {
		t.Errorf("List before Commit: %v, %v", ids, err)
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("second Abort: %v", err)
	}
	if _, err := w.Commit(); err == nil {
		t.Error("Commit after Abort succeeded")
	}
	if names, _ := fs.List("blobs"); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestListDelete(t *testing.T) {
	ctx := context.Background()
	d := open(t, vfs.NewMem())
	var want []string
	for range 5 {
		want = append(want, put(t, d, []byte("x")))
	}
	slices.Sort(want)
	if ids, err := d.List(ctx); !slices.Equal(ids, want) || err != nil {
		t.Errorf("List = %v, %v; want %v", ids, err, want)
	}
	for range 2 {
		if err := d.Delete(ctx, want[2]); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := d.Open(ctx, want[2]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Open of a deleted object: %v", err)
	}
	if ids, _ := d.List(ctx); len(ids) != 4 {
		t.Errorf("List after Delete: %v", ids)
	}
}

func TestCopyTo(t *testing.T) {
	fs := vfs.NewMem()
	d := open(t, fs)
	data := randomBytes(100_000)
	id := put(t, d, data)
	other, err := Open(fs, "other")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.CopyTo(id, "other"); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got, err := get(other, id); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the copy: %d bytes, %v", len(got), err)
	}
	for _, id := range []string{id, "../blobs/" + id, ""} {
		if err := d.CopyTo(id, "other"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("copy of %q: %v", id, err)
		}
	}
}

func TestForeignIDs(t *testing.T) {
	ctx := context.Background()
	d := open(t, vfs.NewMem())
	for _, id := range []string{"", "..", "../../etc/passwd", strings.Repeat("A", 32), strings.Repeat("0", 31) + "/"} {
		if _, err := d.Open(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Open(%q): %v", id, err)
		}
		if err := d.Delete(ctx, id); err != nil {
			t.Errorf("Delete(%q): %v", id, err)
		}
	}
}

// TestDamage flips each bit of a small object's file and cuts it at each
// length: none of it may be served as if it were whole.
func TestDamage(t *testing.T) {
	fs := vfs.NewMem()
	d := open(t, fs)
	data := []byte("a small object")
	id := put(t, d, data)
	f, err := fs.Open(d.file(id))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, content []byte) {
		f, err := fs.Create(d.file(id), category)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
		f.Close()
		if got, err := get(d, id); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: read %q, %v", what, got, err)
		}
	}
	for i := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			try(fmt.Sprintf("bit %d of byte %d", bit, i), flipped)
		}
		try(fmt.Sprintf("cut at %d", i), whole[:i])
	}
}

// TestCrash takes the power away at every step of the life of an object.
func TestCrash(t *testing.T) {
	ctx := context.Background()
	for _, percent := range []int{0, 50, 100} {
		fs := vfs.NewCrashableMem()
		d := open(t, fs)
		crash := func() *Dir {
			return open(t, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(1, uint64(percent)))}))
		}
		none := func(when string) {
			c := crash()
			if ids, err := c.List(ctx); len(ids) != 0 || err != nil {
				t.Errorf("%d %%: %s: List = %v, %v", percent, when, ids, err)
			}
			if names, _ := c.fs.List(c.path); len(names) != 0 {
				t.Errorf("%d %%: %s: left behind: %v", percent, when, names)
			}
		}
		none("at first")
		data := randomBytes(3 * chunkSize)
		w, err := d.Create(ctx)
		if err != nil {
			t.Fatal(err)
		}
		none("begun")
		w.Write(data)
		none("written")
		id, err := w.Commit()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := get(crash(), id); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d %%: after Commit: %d bytes, %v", percent, len(got), err)
		}
		if err := d.Delete(ctx, id); err != nil {
			t.Fatal(err)
		}
		none("deleted")
	}
}
