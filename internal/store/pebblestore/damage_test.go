package pebblestore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// badBlock says of its first record that it is longer than the block.
var badBlock = []byte{blockVersion, 0, 0x7f}

// keyAt returns the key of the block that holds a record.
func keyAt(t *testing.T, l *log, at store.Position) []byte {
	t.Helper()
	c, err := l.cursor(at, l.State().Next)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.locate(at); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(c.it.Key())
}

// Damage implements storetest.Damager: it flips a bit of the block's value in the
// table that holds it. Nothing of that may have been read before: what is in the
// cache is intact.
func (e *engine) Damage(t *testing.T, name string, at store.Position) {
	t.Helper()
	l, err := e.s.OpenLog(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	key := keyAt(t, l.(*log), at)
	value, closer, err := e.s.db.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	value = bytes.Clone(value)
	if err := errors.Join(closer.Close(), e.s.db.Flush()); err != nil {
		t.Fatal(err)
	}
	flip(t, e.fs, value)
}

// flip flips a bit in the middle of what a table holds.
func flip(t *testing.T, fs vfs.FS, content []byte) {
	t.Helper()
	for name, data := range tables(t, fs) {
		if i := bytes.Index(data, content); i >= 0 {
			flipAt(t, fs, name, i+len(content)/2)
			return
		}
	}
	t.Fatalf("no table holds %.20q…", content)
}

// tables returns the contents of all tables by their paths.
func tables(t *testing.T, fs vfs.FS) map[string][]byte {
	t.Helper()
	names, err := fs.List("data/pebble")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		name = "data/pebble/" + name
		f, err := fs.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name], err = io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func flipAt(t *testing.T, fs vfs.FS, name string, at int) {
	t.Helper()
	f, err := fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, int64(at))
	b[0] ^= 4
	_, writeErr := f.WriteAt(b, int64(at))
	if err := errors.Join(err, writeErr, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// content is a record of about n bytes that no other equals.
func content(log string, number, n int) string {
	return strings.Repeat(fmt.Sprintf("%s-%d.", log, number), 1+n/8)
}

// put appends one block.
func put(t *testing.T, l store.Log, records ...string) store.Appended {
	t.Helper()
	var b store.Block
	for _, r := range records {
		b.Add([]byte(r))
	}
	type outcome struct {
		store.Appended
		err error
	}
	done := make(chan outcome, 1)
	l.Append(&b, func(a store.Appended, err error) { done <- outcome{a, err} })
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.Appended
}

// walk reads a log in pages from a position to the tip, past damage, and returns
// the records by position. Every position is in one record or damaged, once.
func walk(t *testing.T, l store.Log, from store.Position) (records map[store.Position]string, damaged int) {
	t.Helper()
	records = make(map[store.Position]string)
	state := l.State()
	for at := max(from, state.First); at < state.Next; {
		var page store.Page
		err := l.Read(t.Context(), at, store.Limit{Records: 7}, &page)
		if d, ok := errors.AsType[*store.DamageError](err); ok {
			if d.First > at || d.Next <= at || d.Next > state.Next || len(page.Records) > 0 {
				t.Fatalf("read at %d: damage from %d to %d, %d records", at, d.First, d.Next, len(page.Records))
			}
			damaged++
			at = d.Next
			continue
		}
		if err != nil || len(page.Records) == 0 {
			t.Fatalf("read at %d of %+v: %d records, %v", at, state, len(page.Records), err)
		}
		for _, r := range page.Records {
			if r.Position != at {
				t.Fatalf("position %d, want %d", r.Position, at)
			}
			records[at] = string(r.Data)
			at++
		}
	}
	return records, damaged
}

// A read of a block that is damaged, or not there, tells the positions that it
// knows of; those behind them can be read.
func TestDamageIsToldByPositions(t *testing.T) {
	s := open(t, vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1))).s
	opened, err := s.CreateLog(t.Context(), "l")
	if err != nil {
		t.Fatal(err)
	}
	l := opened.(*log)
	for range 3 {
		put(t, l, "x", "y")
	}
	first, second := keyAt(t, l, 0), keyAt(t, l, 2)
	if err := errors.Join(s.db.Delete(first, pebble.Sync), s.db.Set(second, badBlock, pebble.Sync)); err != nil {
		t.Fatal(err)
	}
	for at, next := range map[store.Position]store.Position{0: 2, 1: 2, 2: 4, 3: 4} {
		err := l.Read(t.Context(), at, store.Limit{}, new(store.Page))
		damage, ok := errors.AsType[*store.DamageError](err)
		if !ok || !errors.Is(err, store.ErrCorrupt) || damage.First > at || damage.Next != next {
			t.Errorf("read at %d: %#v, want an end at %d", at, err, next)
		}
	}
	var page store.Page
	if err := l.Read(t.Context(), 4, store.Limit{}, &page); err != nil || len(page.Records) != 2 {
		t.Errorf("behind the damage: %d records, %v", len(page.Records), err)
	}
}

// A row of the catalogue that does not parse fails what it names, and Health tells.
func TestDamagedRowIsToldByHealth(t *testing.T) {
	s := open(t, vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1))).s
	for _, kind := range []byte{kindLogName, kindPartitionName} {
		if err := s.db.Set(nameKey(kind, "x"), []byte{rowVersion}, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.OpenLog(t.Context(), "x")
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("open: %v", err)
	}
	err = s.Partition("x").View(t.Context(), func(store.Reader) error { return nil })
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("view: %v", err)
	}
	if h := s.Health(); len(h) != 2 || h[0].Code != "damaged" {
		t.Errorf("health is %v", h)
	}
}

// twoLogs makes a store in which two logs have blocks of three records each, of
// about the given size, in tables. Log "b" comes after "a" in them.
func twoLogs(t *testing.T, blocks, size int) (*vfs.MemFS, *clock.Fake) {
	t.Helper()
	fs, c := vfs.NewCrashableMem(), clock.NewFake(time.UnixMilli(1_790_000_000_000))
	e := open(t, fs, c)
	// The first one's block lies beside the catalogue, so that no other does.
	for _, name := range []string{"0", "a", "b"} {
		l, err := e.s.CreateLog(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "0" {
			put(t, l, content(name, 0, 8000))
			continue
		}
		for i := range blocks {
			put(t, l, content(name, 3*i, size), content(name, 3*i+1, size), content(name, 3*i+2, size))
			c.Advance(time.Second)
		}
	}
	if err := errors.Join(e.s.db.Flush(), e.s.Close()); err != nil {
		t.Fatal(err)
	}
	return fs, c
}

// checkWalk asserts that reads from every position below starts on give the records
// that were put there, and returns how many of the log are intact.
func checkWalk(t *testing.T, l store.Log, size int, starts store.Position) (intact int) {
	t.Helper()
	state := l.State()
	for from := state.First; from < min(state.Next, starts); from++ {
		records, _ := walk(t, l, from)
		if from == state.First {
			intact = len(records)
		}
		for at, data := range records {
			if want := content(l.Name(), int(at), size); data != want && !strings.HasPrefix(data, "later") {
				t.Fatalf("read from %d: record %d is %.20q, want %.20q", from, at, data, want)
			}
		}
	}
	return intact
}

// Damage to any block of a log costs that block alone: the log opens, every other
// record is read from wherever a read begins, and what is added gets positions
// that none had.
func TestDamagedBlockStopsNoOther(t *testing.T) {
	const blocks, size = 6, 3000
	for which := range blocks {
		t.Run(fmt.Sprint(which), func(t *testing.T) {
			fs, c := twoLogs(t, blocks, size)
			flip(t, fs, []byte(content("a", 3*which+1, size)))
			var next store.Position
			for round := range 2 {
				e := open(t, fs, c)
				a, err := e.s.OpenLog(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				if n := checkWalk(t, a, size, 3*blocks+1); n != 3*(blocks-1)+2*round {
					t.Errorf("round %d: %d intact records of a", round, n)
				}
				b, err := e.s.OpenLog(t.Context(), "b")
				if err != nil {
					t.Fatal(err)
				}
				if n := checkWalk(t, b, size, 2); n != 3*blocks {
					t.Errorf("round %d: %d intact records of b", round, n)
				}
				if h := e.s.Health(); len(h) == 0 || h[0].Code != "damaged" {
					t.Errorf("round %d: health is %v", round, h)
				}
				tip := a.State().Next
				if tip < 3*blocks || round > 0 && tip != next {
					t.Errorf("round %d: tip is %d, was %d", round, tip, next)
				}
				if first := put(t, a, "later 1", "later 2").First; first != tip {
					t.Errorf("round %d: appended at %d, the tip was %d", round, first, tip)
				}
				next = tip + 2
				if err := e.s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Blocks that share the damaged part of a table are lost together, be they of one
// log or of two. All others are read, and the log goes on.
func TestDamageOfManyBlocks(t *testing.T) {
	const blocks, size = 200, 24
	for _, record := range []string{content("a", 20, size), content("a", 3*blocks-1, size), content("b", 0, size), content("b", 3*blocks-1, size)} {
		t.Run(record[:6], func(t *testing.T) {
			fs, c := twoLogs(t, blocks, size)
			flip(t, fs, []byte(record))
			e := open(t, fs, c)
			lost := 0
			for _, name := range []string{"a", "b"} {
				l, err := e.s.OpenLog(t.Context(), name)
				if err != nil {
					t.Fatal(err)
				}
				lost += 3*blocks - checkWalk(t, l, size, 30)
				if l.State().Next < 3*blocks {
					t.Errorf("tip of %s is %d", name, l.State().Next)
				}
				put(t, l, "later")
				records, _ := walk(t, l, l.State().Next-1)
				if records[l.State().Next-1] != "later" {
					t.Errorf("what was appended to %s is not read", name)
				}
			}
			if lost == 0 || lost > 150 {
				t.Errorf("%d records are lost", lost)
			}
		})
	}
}

// A log that went on after its end was lost is searched, trimmed, sealed and
// dropped as any other, over a crash at any time.
func TestLogThatWentOn(t *testing.T) {
	const blocks, size = 6, 1500
	fs, c := twoLogs(t, blocks, size)
	start := time.UnixMilli(1_790_000_000_000)
	e := open(t, fs, c)
	l, err := e.s.OpenLog(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Trim(t.Context(), 1); err != nil { // which stores the tip
		t.Fatal(err)
	}
	ends := store.Position(3 * (blocks - 1)) // of what is left
	if err := e.s.db.Delete(keyAt(t, l.(*log), ends), pebble.Sync); err != nil {
		t.Fatal(err)
	}
	reopen := func() {
		t.Helper()
		e = e.CrashClone(t, 0, 1).(*engine)
		if l, err = e.s.OpenLog(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	reopen()
	tip := l.State().Next
	if tip <= 3*blocks {
		t.Errorf("goes on at %d", tip)
	}
	reopen()
	if next := l.State().Next; next != tip {
		t.Errorf("goes on at %d once more, after %d", next, tip)
	}
	c.Advance(time.Minute)
	key, err := e.s.Keys().Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stamp := put(t, l, "later 1").Stamp
	b := store.Block{Key: key}
	b.Add([]byte("later 2"))
	done := make(chan error, 1)
	l.Append(&b, func(_ store.Appended, err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	reopen()
	if next := l.State().Next; next != tip+2 {
		t.Fatalf("after a crash the tip is %d, want %d", next, tip+2)
	}
	if records, _ := walk(t, l, tip); records[tip] != "later 1" || records[tip+1] != "later 2" {
		t.Errorf("records behind the damage are %v", records)
	}
	for at, want := range map[time.Time]store.Position{
		start:                                   1,
		start.Add(time.Second):                  3,
		start.Add((blocks - 2) * time.Second):   ends - 3,
		start.Add((blocks - 1) * time.Second):   ends,
		start.Add((blocks*2 - 1) * time.Second): ends,
		stamp.Add(-time.Second):                 tip,
		stamp:                                   tip,
		stamp.Add(time.Millisecond):             tip + 2,
	} {
		if got, err := l.Seek(t.Context(), at); err != nil || got != want {
			t.Errorf("Seek(%v) = %d, %v, want %d", at.Sub(start), got, err, want)
		}
	}
	for _, trim := range []struct {
		before store.Position
		blocks int // left of the log
	}{{4, blocks}, {ends + 1, blocks}, {tip + 1, 1}} {
		if err := l.Trim(t.Context(), trim.before); err != nil {
			t.Fatal(err)
		}
		if first := l.State().First; first != trim.before {
			t.Errorf("after Trim(%d) the horizon is %d", trim.before, first)
		}
		walk(t, l, 0)
		if size := l.Size(); size <= 0 {
			t.Errorf("after Trim(%d) the size is %d", trim.before, size)
		}
		if got := rowsOf(t, e.s, kindBlock) - blocks - 1; got != trim.blocks {
			t.Errorf("after Trim(%d) %d blocks are left, want %d", trim.before, got, trim.blocks)
		}
	}
	if end, err := l.Seal(t.Context()); err != nil || end != tip+2 {
		t.Errorf("sealed at %d, %v", end, err)
	}
	reopen()
	if s := l.State(); !s.Sealed || s.Next != tip+2 || s.First != tip+1 {
		t.Errorf("state is %+v", s)
	}
	if err := l.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, e.s, kindBlock); got != blocks+1 {
		t.Errorf("%d blocks are left, want those of other logs", got)
	}
}

// rowsOf counts the rows of a kind.
func rowsOf(t *testing.T, s *Store, kind byte) (n int) {
	t.Helper()
	it, err := s.newIter(pebble.IterOptions{LowerBound: []byte{kind}, UpperBound: []byte{kind + 1}})
	if err != nil {
		t.Fatal(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whichever bit of a table flips, no read gives what was not put, and a log that
// opens goes on without using a position again.
func TestAnyFlippedBit(t *testing.T) {
	const blocks, size = 30, 50
	fs, c := twoLogs(t, blocks, size)
	for name, data := range tables(t, fs) {
		const flips = 16
		for i := range flips {
			at := (2*i + 1) * len(data) / (2 * flips)
			damaged := fs.CrashClone(vfs.CrashCloneCfg{})
			flipAt(t, damaged, name, at)
			s, err := Open(Options{Dir: "data", FS: damaged, Clock: c, MasterKey: make([]byte, 32), MinFreeBytes: -1})
			if isDamage(err) {
				continue
			} else if err != nil {
				t.Fatalf("%s byte %d: %v", name, at, err)
			}
			for _, log := range []string{"a", "b"} {
				l, err := s.OpenLog(t.Context(), log)
				if isDamage(err) {
					continue
				} else if err != nil {
					t.Fatalf("%s byte %d: %v", name, at, err)
				}
				checkWalk(t, l, size, 1)
				if first := put(t, l, "later").First; first < 3*blocks {
					t.Errorf("%s byte %d: position %d of log %s is used again", name, at, first, log)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
