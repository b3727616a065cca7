package storetest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var storeTests = []test{
	{"Listing", testListing},
	{"CreateLog", testCreateLog},
	{"Healthy", testHealthy},
	{"Close", testClose},
	{"Reopen", testReopen},
}

func testListing(t *testing.T, e Engine) {
	s := e.Store()
	names := []string{"x", "x/1", "x/10", "x/2", "x0", "y"}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		createLog(t, s, names[i])
		ok(t, set(bg, s.Partition(names[i]), "k", "v"))
	}
	s.Partition("x/unused")
	ok(t, set(bg, s.Partition("x/emptied"), "k", "v"))
	ok(t, s.Partition("x/emptied").Update(bg, func(tx store.Tx) error {
		tx.Delete([]byte("k"))
		return nil
	}))
	for prefix, want := range map[string][]string{
		"": names, "x": names[:5], "x/": names[1:4], "x/1": names[1:3], "y": {"y"}, "z": nil, "x/unused": nil,
	} {
		partitions, err := s.Partitions(bg, prefix)
		ok(t, err)
		if !slices.Equal(partitions, want) {
			t.Errorf("Partitions(%q) = %q, want %q", prefix, partitions, want)
		}
		logs, err := s.Logs(bg, prefix)
		ok(t, err)
		if !slices.Equal(logs, want) {
			t.Errorf("Logs(%q) = %q, want %q", prefix, logs, want)
		}
	}
}

func testCreateLog(t *testing.T, e Engine) {
	s := e.Store()
	_, err := s.OpenLog(bg, "l")
	wantErr(t, "OpenLog", err, store.ErrNotFound)
	appendBlock(t, createLog(t, s, "l"), "0")
	_, err = s.CreateLog(bg, "l")
	wantErr(t, "CreateLog of one that is there", err, store.ErrExists)
	equal(t, "its records", len(readAll(t, openLog(t, s, "l"))), 1)
	if _, err = s.CreateLog(bg, strings.Repeat("n", 1025)); err == nil {
		t.Error("a name of 1025 bytes is accepted")
	}
}

func testHealthy(t *testing.T, e Engine) {
	if h := e.Store().Health(); len(h) != 0 {
		t.Errorf("Health of a new store: %v", h)
	}
}

func testClose(t *testing.T, e Engine) {
	s := e.Store()
	p, l := s.Partition("p"), createLog(t, s, "l")
	appending := startAppend(l, 0, "0")
	ok(t, s.Close())
	ok(t, receive(t, "append that was under way", appending).err)
	_, createErr := s.CreateLog(bg, "m")
	for what, err := range map[string]error{
		"Update":    set(bg, p, "k", "v"),
		"View":      p.View(bg, func(store.Reader) error { return nil }),
		"Append":    receive(t, "append", startAppend(l, 0, "x")).err,
		"Read":      l.Read(bg, 0, store.Limit{}, new(store.Page)),
		"CreateLog": createErr,
	} {
		wantErr(t, what+" after Close", err, store.ErrClosed)
	}
}

func testReopen(t *testing.T, e Engine) {
	s := e.Store()
	ok(t, set(bg, s.Partition("p"), "k", "v"))
	l := createLog(t, s, "l")
	appendBlock(t, l, "0", "1")
	appendBlock(t, createLog(t, s, "dropped"), "x")
	ok(t, openLog(t, s, "dropped").Drop(bg))
	id := putBlob(t, s, []byte("blob"))
	state := l.State()

	s = hook[Reopener](t, e).Reopen(t).Store()
	equal(t, "value", get(t, s.Partition("p"), "k"), "v")
	l = openLog(t, s, "l")
	equal(t, "First", l.State().First, state.First)
	equal(t, "Next", l.State().Next, state.Next)
	equal(t, "Last", l.State().Last.Equal(state.Last), true)
	equal(t, "records", strings.Join(contents(readAll(t, l)), ""), "01")
	_, err := s.OpenLog(bg, "dropped")
	wantErr(t, "a log that was dropped", err, store.ErrNotFound)
	equal(t, "blob", string(getBlob(t, s, id)), "blob")
}

var keyringTests = []test{{"Keyring", testKeyring}}

func testKeyring(t *testing.T, e Engine) {
	k := e.Store().Keys()
	one, err := k.Create(bg)
	ok(t, err)
	two, err := k.Create(bg)
	ok(t, err)
	if one == 0 || two == 0 || one == two {
		t.Fatalf("keys %d and %d", one, two)
	}
	binding, plain := []byte("context"), []byte("the plain text")
	sealed, err := k.Seal([]byte("dst"), one, binding, plain)
	ok(t, err)
	if !bytes.HasPrefix(sealed, []byte("dst")) || bytes.Contains(sealed, plain) {
		t.Fatalf("sealed is %q", sealed)
	}
	sealed = sealed[3:]
	again, err := k.Seal(nil, one, binding, plain)
	ok(t, err)
	equal(t, "two encryptions of the same are the same", bytes.Equal(sealed, again), false)
	open := func(k store.Keyring) {
		got, err := k.Open([]byte("dst"), one, binding, sealed)
		ok(t, err)
		equal(t, "opened", string(got), "dstthe plain text")
	}
	open(k)
	_, err = k.Open(nil, two, binding, sealed)
	wantErr(t, "Open with another key", err, store.ErrCorrupt)
	_, err = k.Open(nil, one, []byte("contexT"), sealed)
	wantErr(t, "Open in another context", err, store.ErrCorrupt)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 0x10
		_, err = k.Open(nil, one, binding, damaged)
		wantErr(t, "Open of what is damaged", err, store.ErrCorrupt)
		_, err = k.Open(nil, one, binding, sealed[:i])
		wantErr(t, "Open of what is cut", err, store.ErrCorrupt)
	}
	if _, err = k.Seal(nil, two+1000, nil, plain); err == nil {
		t.Error("Seal with a key that there is not")
	}
	if r, can := e.(Reopener); can {
		k = r.Reopen(t).Store().Keys()
		open(k)
		three, err := k.Create(bg)
		ok(t, err)
		equal(t, "a key's name is used again", three == one || three == two, false)
	}
}

var blobTests = []test{
	{"WriteAndRead", testBlob},
	{"NotBeforeCommit", testBlobCommit},
	{"DeleteAndList", testBlobDelete},
}

func putBlob(t *testing.T, s store.Store, data []byte) string {
	t.Helper()
	w, err := s.Blobs().Create(bg)
	ok(t, err)
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 100_001)
		_, err = w.Write(rest[:n])
		ok(t, err)
		rest = rest[n:]
	}
	id, err := w.Commit()
	ok(t, err)
	ok(t, w.Abort()) // does nothing
	return id
}

func getBlob(t *testing.T, s store.Store, id string) []byte {
	t.Helper()
	r, err := s.Blobs().Open(bg, id)
	ok(t, err)
	data, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	ok(t, err)
	ok(t, r.Close())
	return data
}

func testBlob(t *testing.T, e Engine) {
	for _, n := range []int{0, 1, 3_000_000} {
		data := []byte(filler(n))
		id := putBlob(t, e.Store(), data)
		if !bytes.Equal(getBlob(t, e.Store(), id), data) {
			t.Errorf("a blob of %d bytes does not come back", n)
		}
		r, err := e.Store().Blobs().Open(bg, id)
		ok(t, err)
		equal(t, "Size", r.Size(), int64(n))
		if n > 200_000 {
			p := make([]byte, 1000)
			_, err := r.ReadAt(p, 123_456)
			ok(t, err)
			equal(t, "ReadAt", string(p), string(data[123_456:124_456]))
		}
		if _, err := r.ReadAt(make([]byte, 2), int64(n)-1); n > 0 && err != io.EOF {
			t.Errorf("ReadAt over the end: %v", err)
		}
		ok(t, r.Close())
	}
	_, err := e.Store().Blobs().Open(bg, "../none")
	wantErr(t, "Open of none", err, store.ErrNotFound)
}

func testBlobCommit(t *testing.T, e Engine) {
	b := e.Store().Blobs()
	w, err := b.Create(bg)
	ok(t, err)
	_, err = w.Write([]byte("x"))
	ok(t, err)
	ids, err := b.List(bg)
	ok(t, err)
	equal(t, "objects before Commit", len(ids), 0)
	ok(t, w.Abort())
	ids, err = b.List(bg)
	ok(t, err)
	equal(t, "objects after Abort", len(ids), 0)
}

func testBlobDelete(t *testing.T, e Engine) {
	b := e.Store().Blobs()
	var want []string
	for range 5 {
		want = append(want, putBlob(t, e.Store(), []byte("x")))
	}
	slices.Sort(want)
	ids, err := b.List(bg)
	ok(t, err)
	if !slices.Equal(ids, want) {
		t.Errorf("List = %q, want %q", ids, want)
	}
	ok(t, b.Delete(bg, want[1]))
	ok(t, b.Delete(bg, want[1]))
	_, err = b.Open(bg, want[1])
	wantErr(t, "Open of a deleted one", err, store.ErrNotFound)
	ids, err = b.List(bg)
	ok(t, err)
	equal(t, "objects after Delete", len(ids), 4)
}
