package storetest

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// durableTests hold a commit in flight and look: nothing of it may be seen.
var durableTests = []test{
	{"Update", testHeldUpdate},
	{"ReadOfWhatIsHeld", testHeldRead},
	{"Append", testHeldAppend},
	{"Seal", testHeldSeal},
	{"CreateLog", testHeldCreateLog},
	{"Drop", testHeldDrop},
}

func testHeldUpdate(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	s := e.Store()
	p := s.Partition("p")
	ok(t, set(bg, p, "k", "old"))
	version, changed := p.Version(), p.Changed()

	h.HoldSync()
	first := background(func() error { return set(bg, p, "k", "1") })
	h.AwaitHeld()
	saw := make(chan string, 1)
	second := background(func() error {
		return p.Update(bg, func(tx store.Tx) error {
			saw <- lookup(tx, "k")
			tx.Set([]byte("k"), []byte("2"))
			return nil
		})
	})
	equal(t, "value in the second Update", receive(t, "f of the second Update", saw), "1")
	fresh := background(func() error { return set(bg, s.Partition("fresh"), "k", "1") })
	equal(t, "value", get(t, p, "k"), "old")
	equal(t, "version", p.Version(), version)
	equal(t, "Changed", ready(changed), false)
	equal(t, "rows of a partition that is being made", len(dump(t, s.Partition("fresh"))), 0)
	names, err := s.Partitions(bg, "")
	ok(t, err)
	equal(t, "Partitions", len(names), 1)
	if ready(first) || ready(second) || ready(fresh) {
		t.Error("an Update returns while its sync is held")
	}

	h.ReleaseSync()
	ok(t, errors.Join(receive(t, "first Update", first), receive(t, "second Update", second), receive(t, "third Update", fresh)))
	receive(t, "Changed", changed)
	equal(t, "value", get(t, p, "k"), "2")
	equal(t, "version is that of before", p.Version() == version, false)
}

// testHeldRead lets Updates that write nothing read what is in flight: they may
// not tell of it before it is durable.
func testHeldRead(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	p := e.Store().Partition("p")
	h.HoldSync()
	write := background(func() error { return set(bg, p, "k", "1") })
	h.AwaitHeld()
	type reading struct {
		saw string
		err error
	}
	refusal := errors.New("refused")
	ran := make(chan struct{}, 2)
	read := func(result error) <-chan reading {
		return background(func() (r reading) {
			r.err = p.Update(bg, func(tx store.Tx) error {
				r.saw = lookup(tx, "k")
				ran <- struct{}{}
				return result
			})
			return r
		})
	}
	reads := []<-chan reading{read(nil), read(refusal)}
	receive(t, "f of an Update that reads", ran)
	receive(t, "f of an Update that reads", ran)
	for range 1000 { // those that return too early do so in the meantime
		runtime.Gosched()
		for _, c := range reads {
			if ready(c) {
				t.Fatal("an Update tells of what is not durable")
			}
		}
	}
	h.ReleaseSync()
	ok(t, receive(t, "Update", write))
	for i, c := range reads {
		r := receive(t, "Update that reads", c)
		equal(t, "value", r.saw, "1")
		equal(t, "error", r.err, []error{nil, refusal}[i])
	}
}

func testHeldAppend(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	l := createLog(t, e.Store(), "l")
	e.Clock().Set(time.UnixMilli(1000))
	appendBlock(t, l, "0")
	state, changed := l.State(), l.Changed()
	waiting := background(func() error { return l.Wait(bg, 1) })

	h.HoldSync()
	e.Clock().Set(time.UnixMilli(2000))
	acks := []<-chan ack{startAppend(l, 0, "1", "2"), startAppend(l, 0, "3")}
	h.AwaitHeld()
	equal(t, "State", l.State(), state)
	equal(t, "Changed", ready(changed), false)
	equal(t, "Wait returns", ready(waiting), false)
	var page store.Page
	ok(t, l.Read(bg, 0, store.Limit{}, &page))
	equal(t, "records", len(page.Records), 1)
	p, err := l.Seek(bg, time.UnixMilli(1500))
	ok(t, err)
	equal(t, "Seek", p, 1)
	if ready(acks[0]) || ready(acks[1]) {
		t.Error("an append is acknowledged while its sync is held")
	}

	h.ReleaseSync()
	for i, c := range acks {
		a := receive(t, "append", c)
		ok(t, a.err)
		equal(t, "position", a.First, store.Position(1+2*i))
	}
	receive(t, "Changed", changed)
	ok(t, receive(t, "Wait", waiting))
	equal(t, "records", len(readAll(t, l)), 4)
}

func testHeldSeal(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	l := createLog(t, e.Store(), "l")
	waiting := background(func() error { return l.Wait(bg, 0) })
	h.HoldSync()
	sealing := background(func() error {
		_, err := l.Seal(bg)
		return err
	})
	h.AwaitHeld()
	equal(t, "Sealed", l.State().Sealed, false)
	equal(t, "Wait returns", ready(waiting), false)
	equal(t, "Seal returns", ready(sealing), false)
	h.ReleaseSync()
	ok(t, receive(t, "Seal", sealing))
	ok(t, receive(t, "Wait", waiting))
	equal(t, "Sealed", l.State().Sealed, true)
}

func testHeldCreateLog(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	s := e.Store()
	h.HoldSync()
	creating := background(func() error {
		_, err := s.CreateLog(bg, "l")
		return err
	})
	h.AwaitHeld()
	_, err := s.OpenLog(bg, "l")
	wantErr(t, "OpenLog", err, store.ErrNotFound)
	names, err := s.Logs(bg, "")
	ok(t, err)
	equal(t, "Logs", len(names), 0)
	equal(t, "CreateLog returns", ready(creating), false)
	h.ReleaseSync()
	ok(t, receive(t, "CreateLog", creating))
	openLog(t, s, "l")
}

func testHeldDrop(t *testing.T, e Engine) {
	h := hook[Holder](t, e)
	s := e.Store()
	p, l := s.Partition("p"), createLog(t, s, "l")
	ok(t, set(bg, p, "k", "v"))
	appendBlock(t, l, "0")
	h.HoldSync()
	dropping := []<-chan error{
		background(func() error { return p.Drop(bg) }),
		background(func() error { return l.Drop(bg) }),
	}
	h.AwaitHeld()
	equal(t, "value", get(t, p, "k"), "v")
	equal(t, "Drop returns", ready(dropping[0]) || ready(dropping[1]), false)
	h.ReleaseSync()
	for _, c := range dropping {
		ok(t, receive(t, "Drop", c))
	}
	equal(t, "rows", len(dump(t, p)), 0)
}
