package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var faultTests = []test{
	{"NoSpace", testNoSpace},
	{"FailedUpdate", testFailedCommit},
	{"FailedAppend", testFailedAppend},
	{"Damage", testDamage},
}

func testNoSpace(t *testing.T, e Engine) {
	f := hook[Filler](t, e)
	s := e.Store()
	p, l, other := s.Partition("p"), createLog(t, s, "l"), createLog(t, s, "other")
	ok(t, set(bg, p, "a", "1", "b", "2"))
	appendBlock(t, l, "0", "1")
	f.SetNoSpace(true)
	_, createErr := s.CreateLog(bg, "m")
	for what, err := range map[string]error{
		"Update":    set(bg, p, "c", "3"),
		"Append":    receive(t, "append", startAppend(l, 0, "2")).err,
		"CreateLog": createErr,
	} {
		wantErr(t, what, err, store.ErrNoSpace)
	}
	if h := s.Health(); len(h) != 1 || h[0].Code != "disk-low" || !h[0].Fatal {
		t.Errorf("Health is %v", h)
	}
	equal(t, "rows", strings.Join(dump(t, p), " "), "a=1 b=2")
	equal(t, "records", len(readAll(t, l)), 2)
	ok(t, p.Update(bg, func(tx store.Tx) error { // only reads
		equal(t, "value", lookup(tx, "a"), "1")
		return nil
	}))
	ok(t, p.Update(store.Freeing(bg), func(tx store.Tx) error {
		tx.Delete([]byte("a"))
		return nil
	}))
	ok(t, l.Trim(bg, 1))
	_, err := l.Seal(bg)
	ok(t, err)
	ok(t, other.Drop(bg))
	ok(t, s.Partition("q").Drop(bg))
	equal(t, "rows", strings.Join(dump(t, p), " "), "b=2")

	f.SetNoSpace(false)
	equal(t, "problems", len(s.Health()), 0)
	ok(t, set(bg, p, "c", "3"))
	createLog(t, s, "m")
}

// restarted returns the engine as a restart finds it: one that a failed commit
// stops for good is not to be used any more.
func restarted(t *testing.T, e Engine) Engine {
	if c, can := e.(Crasher); can {
		return c.CrashClone(t, 0, 1)
	}
	if r, can := e.(Reopener); can {
		return r.Reopen(t)
	}
	return e
}

func testFailedCommit(t *testing.T, e Engine) {
	f := hook[Failer](t, e)
	p := e.Store().Partition("p")
	ok(t, set(bg, p, "a", "old", "b", "old"))
	version := p.Version()
	f.InjectWriteError(errors.Join(store.ErrUnknownOutcome, errors.New("injected")))
	wantErr(t, "Update", set(bg, p, "a", "new", "b", "new"), store.ErrUnknownOutcome)
	p = restarted(t, e).Store().Partition("p")
	a, b := get(t, p, "a"), get(t, p, "b")
	equal(t, "b", b, a)
	if a != "old" && p.Version() == version {
		t.Errorf("version %v is used again", version)
	}
	ok(t, set(bg, p, "a", "later"))
	equal(t, "value", get(t, p, "a"), "later")
}

func testFailedAppend(t *testing.T, e Engine) {
	f := hook[Failer](t, e)
	l := createLog(t, e.Store(), "l")
	appendBlock(t, l, "0")
	f.InjectWriteError(errors.Join(store.ErrUnknownOutcome, errors.New("injected")))
	wantErr(t, "Append", receive(t, "append", startAppend(l, 0, "1", "2")).err, store.ErrUnknownOutcome)
	l = openLog(t, restarted(t, e).Store(), "l")
	next := l.State().Next
	if next != 1 && next != 3 {
		t.Errorf("tip after a failed append of two records is %d", next)
	}
	equal(t, "position", appendBlock(t, l, "x").First, next)
	equal(t, "records", len(readAll(t, l)), int(next)+1)
}

func testDamage(t *testing.T, e Engine) {
	d := hook[Damager](t, e)
	s := e.Store()
	l, other := createLog(t, s, "l"), createLog(t, s, "other")
	for _, r := range []string{"0", "1", "2"} {
		appendBlock(t, l, r)
		appendBlock(t, other, r)
	}
	d.Damage(t, "l", 1)
	err := l.Read(bg, 1, store.Limit{}, new(store.Page))
	wantErr(t, "Read of a damaged block", err, store.ErrCorrupt)
	if damage, ok := errors.AsType[*store.DamageError](err); !ok || damage.First != 1 || damage.Next != 2 {
		t.Errorf("damage is told as %#v", err)
	}
	var page store.Page
	ok(t, l.Read(bg, 2, store.Limit{}, &page))
	equal(t, "records behind it", strings.Join(contents(page.Records), ""), "2")
	equal(t, "records of another log", strings.Join(contents(readAll(t, other)), ""), "012")
	if h := s.Health(); len(h) != 1 || h[0].Code != "damaged" {
		t.Errorf("Health is %v", h)
	}
}
