package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var faultTests = []test{
	{"NoSpace", testNoSpace},
	{"FailedUpdate", testFailedCommit},
	{"FailedAppend", testFailedAppend},
	{"Damage", testDamage},
	{"DamageAtEnd", testDamageAtEnd},
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

// damageable makes two logs of three blocks each, of one record that begins with
// its position and is large enough to be damaged alone.
func damageable(t *testing.T, s store.Store) (l, other store.Log) {
	l, other = createLog(t, s, "l"), createLog(t, s, "other")
	for i := range 3 {
		appendBlock(t, l, fmt.Sprint(i, "l", filler(10_000)))
		appendBlock(t, other, fmt.Sprint(i, "other", filler(10_000)))
	}
	return l, other
}

// first returns the first bytes of records.
func first(records []store.Record) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteByte(r.Data[0])
	}
	return b.String()
}

func testDamage(t *testing.T, e Engine) {
	d := hook[Damager](t, e)
	s := e.Store()
	l, other := damageable(t, s)
	d.Damage(t, "l", 1)
	err := l.Read(bg, 1, store.Limit{}, new(store.Page))
	wantErr(t, "Read of a damaged block", err, store.ErrCorrupt)
	if damage, ok := errors.AsType[*store.DamageError](err); !ok || damage.First != 1 || damage.Next != 2 {
		t.Errorf("damage is told as %#v", err)
	}
	for from, want := range map[store.Position]string{0: "0", 2: "2"} {
		var page store.Page
		ok(t, l.Read(bg, from, store.Limit{}, &page))
		equal(t, "records beside it", first(page.Records), want)
	}
	equal(t, "records of another log", first(readAll(t, other)), "012")
	if h := s.Health(); len(h) != 1 || h[0].Code != "damaged" {
		t.Errorf("Health is %v", h)
	}
	ok(t, l.Trim(bg, 2))
	equal(t, "records above the damage", first(readAll(t, l)), "2")
}

// testDamageAtEnd damages the last block of a log: the log goes on, and gives no
// position a second time.
func testDamageAtEnd(t *testing.T, e Engine) {
	d, r := hook[Damager](t, e), hook[Reopener](t, e)
	damageable(t, e.Store())
	d.Damage(t, "l", 2)
	e = r.Reopen(t)
	s := e.Store()
	l := openLog(t, s, "l")
	var page store.Page
	ok(t, l.Read(bg, 0, store.Limit{}, &page))
	equal(t, "records before the damage", first(page.Records), "01")
	a := appendBlock(t, l, "later")
	if a.First < 3 {
		t.Errorf("position %d is used again", a.First)
	}
	for range 2 {
		err := l.Read(bg, 2, store.Limit{}, new(store.Page))
		if damage, ok := errors.AsType[*store.DamageError](err); !ok || damage.First != 2 || damage.Next != a.First {
			t.Errorf("damage is told as %#v, records go on at %d", err, a.First)
		}
		page.Reset()
		ok(t, l.Read(bg, a.First, store.Limit{}, &page))
		equal(t, "records behind the damage", strings.Join(contents(page.Records), ""), "later")
		equal(t, "records of another log", first(readAll(t, openLog(t, s, "other"))), "012")
		if h := s.Health(); len(h) == 0 || h[0].Code != "damaged" {
			t.Errorf("Health is %v", h)
		}
		e = e.(Reopener).Reopen(t)
		s = e.Store()
		l = openLog(t, s, "l")
		equal(t, "tip after a restart", l.State().Next, a.First+1)
	}
}
