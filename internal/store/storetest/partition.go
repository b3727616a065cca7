package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var partitionTests = []test{
	{"ReadsWhatWasWritten", testReadsWhatWasWritten},
	{"OwnWrites", testOwnWrites},
	{"FailedUpdate", testFailedUpdate},
	{"Scans", testScans},
	{"DeleteRange", testDeleteRange},
	{"KeepsNoReference", testKeepsNoReference},
	{"Snapshot", testSnapshot},
	{"UpdatesExclude", testUpdatesExclude},
	{"Versions", testVersions},
	{"Changed", testPartitionChanged},
	{"Drop", testPartitionDrop},
	{"Apart", testPartitionsApart},
	{"Sizes", testSizes},
	{"CancelledContext", testCancelledUpdate},
}

func testReadsWhatWasWritten(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	equal(t, "Name", p.Name(), "p")
	equal(t, "value before it is set", get(t, p, "k"), "")
	for i := range 50 {
		want := strconv.Itoa(i)
		ok(t, set(bg, p, "k", want, "other", "x"))
		equal(t, "value", get(t, p, "k"), want)
	}
	ok(t, p.Update(bg, func(tx store.Tx) error {
		tx.Delete([]byte("k"))
		tx.Delete([]byte("never there"))
		return nil
	}))
	ok(t, p.View(bg, func(r store.Reader) error {
		_, err := r.Get([]byte("k"))
		wantErr(t, "Get of a deleted key", err, store.ErrNotFound)
		return nil
	}))
	ok(t, set(bg, p, "empty", ""))
	equal(t, "rows", strings.Join(dump(t, p), " "), "empty= other=x")
}

func testOwnWrites(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	ok(t, set(bg, p, "a", "1", "b", "2", "c", "3"))
	ok(t, p.Update(bg, func(tx store.Tx) error {
		tx.Set([]byte("b"), []byte("new"))
		tx.Delete([]byte("a"))
		tx.Set([]byte("d"), []byte("4"))
		equal(t, "Get of a key set", lookup(tx, "b"), "new")
		equal(t, "Get of a key deleted", lookup(tx, "a"), "")
		equal(t, "Get of a key left alone", lookup(tx, "c"), "3")
		equal(t, "Scan", strings.Join(rows(tx, nil, nil, false), " "), "b=new c=3 d=4")
		tx.DeleteRange([]byte("b"), []byte("d"))
		equal(t, "ScanReverse", strings.Join(rows(tx, nil, nil, true), " "), "d=4")
		tx.Set([]byte("c"), []byte("again"))
		equal(t, "Get in a range deleted before", lookup(tx, "c"), "again")
		equal(t, "Get in a range deleted", lookup(tx, "b"), "")
		return nil
	}))
	equal(t, "rows", strings.Join(dump(t, p), " "), "c=again d=4")
}

func testFailedUpdate(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	ok(t, set(bg, p, "k", "old"))
	version := p.Version()
	failure := errors.New("f's own")
	wantErr(t, "Update", p.Update(bg, func(tx store.Tx) error {
		tx.Set([]byte("k"), []byte("new"))
		return failure
	}), failure)
	equal(t, "value", get(t, p, "k"), "old")
	equal(t, "version", p.Version(), version)
	wantErr(t, "View", p.View(bg, func(store.Reader) error { return failure }), failure)
	ok(t, p.Update(bg, func(tx store.Tx) error {
		equal(t, "value in the next Update", lookup(tx, "k"), "old")
		return nil
	}))
}

func testScans(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	keys := []string{"", "\x00", "a", "a\x00", "a\x01", "b", "ba", "c", "\xfe", "\xff", "\xff\xff"}
	ok(t, p.Update(bg, func(tx store.Tx) error {
		for _, k := range keys {
			tx.Set([]byte(k), nil)
		}
		return nil
	}))
	bounds := [][]byte{nil, {}, {0}, []byte("a"), []byte("a\x00\x00"), []byte("b"), []byte("bz"), []byte("\xff"), []byte("\xff\xff\xff")}
	check := func(r store.Reader) {
		for _, from := range bounds {
			for _, to := range bounds {
				var want []string
				for _, k := range keys {
					if k >= string(from) && (to == nil || k < string(to)) {
						want = append(want, k+"=")
					}
				}
				if got := rows(r, from, to, false); !slices.Equal(got, want) {
					t.Errorf("Scan(%q, %q) = %q, want %q", from, to, got, want)
				}
				slices.Reverse(want)
				if got := rows(r, from, to, true); !slices.Equal(got, want) {
					t.Errorf("ScanReverse(%q, %q) = %q, want %q", from, to, got, want)
				}
			}
		}
		for kv, err := range r.Scan([]byte("a"), nil) {
			ok(t, err)
			equal(t, "first row of a scan that stops", string(kv.Key), "a")
			break
		}
	}
	ok(t, p.View(bg, func(r store.Reader) error { check(r); return nil }))
	ok(t, p.Update(bg, func(tx store.Tx) error { check(tx); return nil }))
}

func testDeleteRange(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	ok(t, set(bg, p, "a", "1", "b", "2", "b\x00", "3", "c", "4", "d", "5"))
	ok(t, p.Update(bg, func(tx store.Tx) error {
		tx.DeleteRange([]byte("b"), []byte("c"))
		tx.DeleteRange([]byte("d"), []byte("a")) // empty
		return nil
	}))
	equal(t, "rows", strings.Join(dump(t, p), " "), "a=1 c=4 d=5")
	ok(t, p.Update(bg, func(tx store.Tx) error {
		tx.Set([]byte("b"), []byte("new"))
		tx.DeleteRange([]byte("c"), []byte("z"))
		tx.Set([]byte("d"), []byte("new"))
		return nil
	}))
	equal(t, "rows", strings.Join(dump(t, p), " "), "a=1 b=new d=new")
}

func testKeepsNoReference(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	key, value, end := []byte("key"), []byte("value"), []byte("y")
	ok(t, set(bg, p, "x", "1"))
	ok(t, p.Update(bg, func(tx store.Tx) error {
		tx.Set(key, value)
		copy(key, "???")
		copy(value, "?????")
		from := []byte("x")
		tx.DeleteRange(from, end)
		from[0], end[0] = 'a', 'z'
		return nil
	}))
	equal(t, "rows", strings.Join(dump(t, p), " "), "key=value")
}

func testSnapshot(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	ok(t, set(bg, p, "a", "1", "b", "1"))
	ok(t, p.View(bg, func(r store.Reader) error {
		version := r.Version()
		equal(t, "Reader.Version", version, p.Version())
		equal(t, "a before", lookup(r, "a"), "1")
		ok(t, receive(t, "Update during a View", background(func() error {
			return set(bg, p, "a", "2", "b", "2", "c", "2")
		})))
		equal(t, "rows of the snapshot", strings.Join(rows(r, nil, nil, false), " "), "a=1 b=1")
		equal(t, "version of the snapshot", r.Version(), version)
		return nil
	}))
	equal(t, "rows", strings.Join(dump(t, p), " "), "a=2 b=2 c=2")
}

func testUpdatesExclude(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				err := p.Update(bg, func(tx store.Tx) error {
					n, _ := strconv.Atoi(lookup(tx, "n"))
					tx.Set([]byte("n"), []byte(strconv.Itoa(n+1)))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "counter", get(t, p, "n"), strconv.Itoa(workers*each))
}

func testVersions(t *testing.T, e Engine) {
	seen := make(map[store.Version]string)
	note := func(e Engine) {
		p := e.Store().Partition("p")
		now := strings.Join(dump(t, p), " ")
		if was, there := seen[p.Version()]; there && was != now {
			t.Errorf("version %v is of %q and of %q", p.Version(), was, now)
		}
		seen[p.Version()] = now
	}
	run := func(e Engine) {
		p := e.Store().Partition("p")
		for i := range 5 {
			note(e)
			ok(t, set(bg, p, "k", strconv.Itoa(i)))
			ok(t, set(bg, e.Store().Partition("other"), "k", strconv.Itoa(i)))
			ok(t, p.View(bg, func(r store.Reader) error {
				equal(t, "version that is read", r.Version(), p.Version())
				return nil
			}))
		}
		note(e)
		ok(t, p.Drop(bg))
		note(e)
		ok(t, set(bg, p, "k", "after a drop"))
		note(e)
	}
	run(e)
	for range 2 {
		r, can := e.(Reopener)
		if !can {
			return
		}
		e = r.Reopen(t)
		note(e)
		ok(t, set(bg, e.Store().Partition("p"), "restarted", "1"))
		run(e)
	}
}

func testPartitionChanged(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	changed := p.Changed()
	ok(t, set(bg, e.Store().Partition("q"), "k", "v"))
	ok(t, p.View(bg, func(store.Reader) error { return nil }))
	equal(t, "Changed without a change", ready(changed), false)
	ok(t, set(bg, p, "k", "v"))
	receive(t, "Changed after a change", changed)
	changed = p.Changed()
	equal(t, "Changed anew", ready(changed), false)
	ok(t, p.Drop(bg))
	receive(t, "Changed after Drop", changed)
}

func testPartitionDrop(t *testing.T, e Engine) {
	s := e.Store()
	p := s.Partition("p")
	ok(t, set(bg, p, "", "0", "a", "1", "\xff\xff", "2"))
	ok(t, set(bg, s.Partition("p2"), "a", "1"))
	ok(t, p.Drop(bg))
	equal(t, "rows after Drop", len(dump(t, p)), 0)
	equal(t, "rows of another", len(dump(t, s.Partition("p2"))), 1)
	names, err := s.Partitions(bg, "")
	ok(t, err)
	equal(t, "Partitions", strings.Join(names, " "), "p2")
	ok(t, p.Drop(bg))
	ok(t, set(bg, p, "b", "1"))
	equal(t, "rows", strings.Join(dump(t, p), " "), "b=1")
}

// awkwardNames are prefixes of each other, and hold what engines use to
// separate names from keys.
var awkwardNames = []string{"a", "a\x00", "a\x00b", "a\x01", "a/", "a/b", "a/b/c", "aa", "b", "é", "\xff", "\xff\xff", strings.Repeat("n", 1024)}

func testPartitionsApart(t *testing.T, e Engine) {
	s := e.Store()
	for _, name := range awkwardNames {
		ok(t, set(bg, s.Partition(name), "", name, "k", name, "\xff\xff\xff", name))
	}
	for _, name := range awkwardNames {
		want := []string{"=" + name, "k=" + name, "\xff\xff\xff=" + name}
		if got := dump(t, s.Partition(name)); !slices.Equal(got, want) {
			t.Errorf("partition %q holds %q", name, got)
		}
	}
	for i, name := range awkwardNames {
		ok(t, s.Partition(name).Drop(bg))
		for j, other := range awkwardNames {
			if got := len(dump(t, s.Partition(other))); (got == 0) != (j <= i) {
				t.Fatalf("after Drop of %q, %q holds %d rows", name, other, got)
			}
		}
	}
}

func testSizes(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	key, value := strings.Repeat("k", 4<<10), filler(16<<20)
	ok(t, set(bg, p, key, value))
	if get(t, p, key) != value {
		t.Error("a key of 4 KiB with a value of 16 MiB does not come back")
	}
	version := p.Version()
	for what, err := range map[string]error{
		"key":   set(bg, p, "small", "x", key+"k", ""),
		"value": set(bg, p, "small", "x", "k", value+"x"),
		"name":  set(bg, e.Store().Partition(strings.Repeat("n", 1025)), "k", "v"),
	} {
		if err == nil {
			t.Errorf("a %s that is too long is accepted", what)
		}
	}
	equal(t, "what came with it", get(t, p, "small"), "")
	equal(t, "version", p.Version(), version)
}

func testCancelledUpdate(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	ctx, cancel := context.WithCancel(bg)
	cancel()
	wantErr(t, "Update", set(ctx, p, "k", "v"), context.Canceled)
	equal(t, "value", get(t, p, "k"), "")
}
