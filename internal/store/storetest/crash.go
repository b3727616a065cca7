package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var crashTests = []test{
	{"InFlight", testCrashInFlight},
	{"Acknowledged", testCrashAcknowledged},
	{"Again", testCrashAgain},
	{"Blobs", testCrashBlobs},
}

// eachCrash looks at crashes of e where nothing, half and all of what is not
// synced reached the disk.
func eachCrash(t *testing.T, e Engine, look func(t *testing.T, e Engine, percent int)) {
	c := hook[Crasher](t, e)
	for _, percent := range []int{0, 50, 100} {
		seeds := uint64(8)
		if percent != 50 {
			seeds = 1 // nothing is left to chance
		}
		for seed := range seeds {
			t.Run(fmt.Sprintf("%d%%/%d", percent, seed), func(t *testing.T) {
				look(t, c.CrashClone(t, percent, seed), percent)
			})
		}
	}
}

// testCrashInFlight crashes while commits wait for a sync that is held: each is
// there as a whole or not at all, in order, and what comes after reuses nothing
// that an acknowledgement named.
func testCrashInFlight(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	hook[Crasher](t, e)
	s := e.Store()
	p, l, end := s.Partition("p"), createLog(t, s, "l"), createLog(t, s, "sealing")
	ok(t, set(bg, p, "a", "old", "b", "old"))
	appendBlock(t, l, "0", "1")
	appendBlock(t, end, "0")
	versions := []store.Version{p.Version()}

	h.HoldSync()
	var flying []<-chan error
	fly := func(f func() error) { flying = append(flying, background(f)) }
	acks := []<-chan ack{startAppend(l, 0, "2", "3"), startAppend(l, 0, "4", "5"), startAppend(l, 0, "6", "7")}
	fly(func() error { return set(bg, p, "a", "new", "b", "new") })
	fly(func() error { _, err := end.Seal(bg); return err })
	fly(func() error { _, err := s.CreateLog(bg, "created"); return err })
	fly(func() error { return set(bg, s.Partition("q"), "a", "new", "b", "new") })
	h.AwaitHeld()

	eachCrash(t, e, func(t *testing.T, e Engine, percent int) {
		s := e.Store()
		p, l := s.Partition("p"), openLog(t, s, "l")
		if slices.Contains(versions, p.Version()) && get(t, p, "a") != "old" {
			t.Errorf("version %v is used again", p.Version())
		}
		for _, p := range []store.Partition{p, s.Partition("q")} {
			if a, b := get(t, p, "a"), get(t, p, "b"); a != b {
				t.Errorf("half of an Update: %q and %q", a, b)
			}
		}
		records := strings.Join(contents(readAll(t, l)), "")
		if len(records) < 2 || len(records)%2 != 0 || !strings.HasPrefix("01234567", records) {
			t.Fatalf("records are %q", records)
		}
		next := l.State().Next
		equal(t, "tip", next, store.Position(len(records)))
		equal(t, "position after the crash", appendBlock(t, l, "x").First, next)
		ok(t, set(bg, p, "a", "after"))

		end := openLog(t, s, "sealing")
		sealed := end.State().Sealed
		a := receive(t, "append", startAppend(end, 0, "1"))
		if sealed {
			wantErr(t, "Append", a.err, store.ErrSealed)
		} else {
			ok(t, a.err)
		}
		if names, _ := s.Logs(bg, "created"); len(names) == 0 {
			createLog(t, s, "created")
		}
		equal(t, "position in a new log", appendBlock(t, openLog(t, s, "created"), "0").First, 0)
	})
	h.ReleaseSync()
	for _, c := range acks {
		ok(t, receive(t, "append", c).err)
	}
	for _, c := range flying {
		ok(t, receive(t, "commit", c))
	}
	equal(t, "records of the one that went on", strings.Join(contents(readAll(t, l)), ""), "01234567")
}

// testCrashAcknowledged crashes after acknowledgements, with nothing held.
func testCrashAcknowledged(t *testing.T, e Engine) {
	hook[Crasher](t, e)
	s := e.Store()
	key, err := s.Keys().Create(bg)
	ok(t, err)
	l, sealed, trimmed, dropped := createLog(t, s, "l"), createLog(t, s, "sealed"), createLog(t, s, "trimmed"), createLog(t, s, "dropped")
	for i := range 20 {
		ok(t, set(bg, s.Partition("p"), fmt.Sprint(i), "v"))
		for _, l := range []store.Log{l, sealed, trimmed, dropped} {
			ok(t, receive(t, "append", startAppend(l, key, "x", "y")).err)
		}
	}
	ok(t, set(bg, s.Partition("gone"), "k", "v"))
	ok(t, s.Partition("gone").Drop(bg))
	_, err = sealed.Seal(bg)
	ok(t, err)
	ok(t, trimmed.Trim(bg, 13))
	ok(t, dropped.Drop(bg))
	version := s.Partition("p").Version()

	eachCrash(t, e, func(t *testing.T, e Engine, _ int) {
		s := e.Store()
		equal(t, "rows", len(dump(t, s.Partition("p"))), 20)
		equal(t, "rows of what was dropped", len(dump(t, s.Partition("gone"))), 0)
		equal(t, "records", len(readAll(t, openLog(t, s, "l"))), 40)
		equal(t, "Sealed", openLog(t, s, "sealed").State().Sealed, true)
		equal(t, "horizon", openLog(t, s, "trimmed").State().First, 13)
		equal(t, "records above the horizon", len(readAll(t, openLog(t, s, "trimmed"))), 27)
		_, err := s.OpenLog(bg, "dropped")
		wantErr(t, "the log that was dropped", err, store.ErrNotFound)
		ok(t, set(bg, s.Partition("p"), "0", "changed"))
		equal(t, "a version is used again", s.Partition("p").Version() == version, false)
		equal(t, "position", appendBlock(t, openLog(t, s, "l"), "x").First, 40)
	})
}

// testCrashAgain crashes what came of crashes, several times over, with a
// commit in flight each time.
func testCrashAgain(t *testing.T, e Engine) {
	hook[Holder](t, e)
	hook[Crasher](t, e)
	createLog(t, e.Store(), "l")
	versions := make(map[store.Version]string)
	acknowledged := 0
	for round := range 6 {
		h := e.(Holder)
		l, p := openLog(t, e.Store(), "l"), e.Store().Partition("p")
		appendBlock(t, l, "acknowledged")
		ok(t, set(bg, p, "round", fmt.Sprint(round)))
		acknowledged++
		rows := strings.Join(dump(t, p), " ")
		if was, there := versions[p.Version()]; there && was != rows {
			t.Errorf("round %d: version %v is used again", round, p.Version())
		}
		versions[p.Version()] = rows
		h.HoldSync()
		flying := startAppend(l, 0, "in flight")
		updating := background(func() error { return set(bg, p, "flying", fmt.Sprint(round)) })
		h.AwaitHeld()
		next := e.(Crasher).CrashClone(t, 50, uint64(round))
		h.ReleaseSync()
		receive(t, "append", flying)
		receive(t, "Update", updating)
		e = next
		n := 0
		for _, r := range readAll(t, openLog(t, e.Store(), "l")) {
			if string(r.Data) == "acknowledged" {
				n++
			}
		}
		equal(t, "acknowledged records", n, acknowledged)
		equal(t, "acknowledged row", get(t, e.Store().Partition("p"), "round"), fmt.Sprint(round))
	}
}

func testCrashBlobs(t *testing.T, e Engine) {
	hook[Crasher](t, e)
	s := e.Store()
	data := []byte(filler(200_000))
	id, deleted := putBlob(t, s, data), putBlob(t, s, data)
	ok(t, s.Blobs().Delete(bg, deleted))
	w, err := s.Blobs().Create(bg)
	ok(t, err)
	_, err = w.Write(data)
	ok(t, err)
	eachCrash(t, e, func(t *testing.T, e Engine, _ int) {
		ids, err := e.Store().Blobs().List(bg)
		ok(t, err)
		if !slices.Equal(ids, []string{id}) {
			t.Errorf("blobs are %q", ids)
		}
		equal(t, "blob is whole", bytes.Equal(getBlob(t, e.Store(), id), data), true)
	})
	ok(t, w.Abort())
}
