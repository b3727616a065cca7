package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/store"
)

var logTests = []test{
	{"Positions", testPositions},
	{"OrderOfCalls", testOrderOfCalls},
	{"TakesContents", testTakesContents},
	{"Seal", testSeal},
	{"ReadLimits", testReadLimits},
	{"RecordSizes", testRecordSizes},
	{"Trim", testTrim},
	{"TrimAll", testTrimAll},
	{"Stamps", testStamps},
	{"Seek", testSeek},
	{"Wait", testWait},
	{"Changed", testLogChanged},
	{"Size", testSize},
	{"Encrypted", testEncrypted},
	{"Drop", testLogDrop},
	{"Apart", testLogsApart},
}

func testPositions(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	equal(t, "Name", l.Name(), "l")
	equal(t, "state of an empty log", l.State(), store.LogState{})
	equal(t, "first", appendBlock(t, l, "0").First, 0)
	equal(t, "second", appendBlock(t, l, "1", "2", "3").First, 1)
	equal(t, "third", appendBlock(t, l, "4", "5").First, 4)
	state := l.State()
	equal(t, "State.First", state.First, 0)
	equal(t, "State.Next", state.Next, 6)
	equal(t, "State.Sealed", state.Sealed, false)
	equal(t, "records", strings.Join(contents(readAll(t, l)), ""), "012345")
	equal(t, "the same through OpenLog", strings.Join(contents(readAll(t, openLog(t, e.Store(), "l"))), ""), "012345")
}

func testOrderOfCalls(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	const n = 500
	acks := make([]<-chan ack, n)
	var want []string
	for i := range acks {
		record := filler(i % 7)
		want = append(want, record, "x")
		acks[i] = startAppend(l, 0, record, "x")
	}
	for i, c := range acks {
		a := receive(t, "append", c)
		ok(t, a.err)
		equal(t, "position", a.First, store.Position(2*i))
	}
	if got := contents(readAll(t, l)); !slices.Equal(got, want) {
		t.Errorf("records are not in the order of the calls: %q", got)
	}
}

func testTakesContents(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	var b store.Block
	done := make(chan error, 2)
	data := []byte("first")
	b.Add(data, []byte(" part"))
	l.Append(&b, func(_ store.Appended, err error) { done <- err })
	copy(data, "?????")
	b.Reset()
	b.Add([]byte("other part"))
	l.Append(&b, func(_ store.Appended, err error) { done <- err })
	ok(t, errors.Join(receive(t, "append", done), receive(t, "append", done)))
	equal(t, "records", strings.Join(contents(readAll(t, l)), "|"), "first part|other part")
}

func testSeal(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	appendBlock(t, l, "0", "1")
	before := startAppend(l, 0, "2")
	end, err := l.Seal(bg)
	ok(t, err)
	equal(t, "end", end, 3)
	ok(t, receive(t, "append called before Seal", before).err)
	wantErr(t, "Append", receive(t, "append", startAppend(l, 0, "late")).err, store.ErrSealed)
	again, err := l.Seal(bg)
	ok(t, err)
	equal(t, "end again", again, end)
	check := func(l store.Log) {
		equal(t, "State.Sealed", l.State().Sealed, true)
		equal(t, "State.Next", l.State().Next, 3)
		equal(t, "records", strings.Join(contents(readAll(t, l)), ""), "012")
	}
	check(l)
	if r, can := e.(Reopener); can {
		l = openLog(t, r.Reopen(t).Store(), "l")
		check(l)
		wantErr(t, "Append after a restart", receive(t, "append", startAppend(l, 0, "late")).err, store.ErrSealed)
	}
}

func testReadLimits(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	appendBlock(t, l, "aaaa", "bbbb", "cccc")
	appendBlock(t, l, "dddd")
	appendBlock(t, l, "eeee", "ffff")
	for _, tc := range []struct {
		from  store.Position
		limit store.Limit
		want  string
	}{
		{0, store.Limit{}, "aaaa bbbb cccc dddd eeee ffff"},
		{2, store.Limit{}, "cccc dddd eeee ffff"},
		{0, store.Limit{Records: 1}, "aaaa"},
		{1, store.Limit{Records: 3}, "bbbb cccc dddd"},
		{5, store.Limit{Records: 3}, "ffff"},
		{0, store.Limit{Bytes: 1}, "aaaa"},
		{2, store.Limit{Bytes: 3}, "cccc"},
		{0, store.Limit{Bytes: 4}, "aaaa"},
		{0, store.Limit{Bytes: 7}, "aaaa"},
		{0, store.Limit{Bytes: 8}, "aaaa bbbb"},
		{2, store.Limit{Bytes: 15}, "cccc dddd eeee"},
		{2, store.Limit{Records: 2, Bytes: 100}, "cccc dddd"},
		{2, store.Limit{Records: 100, Bytes: 9}, "cccc dddd"},
		{6, store.Limit{}, ""},
	} {
		var page store.Page
		ok(t, l.Read(bg, tc.from, tc.limit, &page))
		got := contents(page.Records)
		if strings.Join(got, " ") != tc.want || page.Next != tc.from+store.Position(len(got)) {
			t.Errorf("Read(%d, %+v) = %q, next %d; want %q", tc.from, tc.limit, got, page.Next, tc.want)
		}
		for i, r := range page.Records {
			equal(t, "Position", r.Position, tc.from+store.Position(i))
			equal(t, "Sealed", r.Sealed, false)
		}
	}
	var page store.Page
	for range 3 { // a page is appended to, and used again after Reset
		page.Reset()
		ok(t, l.Read(bg, 0, store.Limit{Records: 2}, &page))
		ok(t, l.Read(bg, page.Next, store.Limit{Records: 2}, &page))
		equal(t, "two reads", strings.Join(contents(page.Records), " "), "aaaa bbbb cccc dddd")
		equal(t, "Next", page.Next, 4)
	}
}

func testRecordSizes(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	want := []string{"", "x", filler(127), filler(128), filler(16383), filler(16384), filler(10 << 20), ""}
	for _, r := range want[:4] {
		appendBlock(t, l, r)
	}
	appendBlock(t, l, want[4:]...)
	if !slices.Equal(contents(readAll(t, l)), want) {
		t.Error("records do not come back as they were appended")
	}
}

func testTrim(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	appendBlock(t, l, "0", "1", "2")
	appendBlock(t, l, "3", "4")
	appendBlock(t, l, "5")
	check := func(l store.Log, first store.Position, want string) {
		t.Helper()
		equal(t, "State.First", l.State().First, first)
		equal(t, "State.Next", l.State().Next, 6)
		for from := range first + 1 {
			var page store.Page
			ok(t, l.Read(bg, from, store.Limit{}, &page))
			equal(t, "records", strings.Join(contents(page.Records), ""), want)
			equal(t, "first position", page.Records[0].Position, first)
		}
	}
	ok(t, l.Trim(bg, 0))
	check(l, 0, "012345")
	ok(t, l.Trim(bg, 1)) // within a block
	check(l, 1, "12345")
	ok(t, l.Trim(bg, 3)) // at a block's end
	check(l, 3, "345")
	ok(t, l.Trim(bg, 2)) // back
	check(l, 3, "345")
	if r, can := e.(Reopener); can {
		l = openLog(t, r.Reopen(t).Store(), "l")
		check(l, 3, "345")
	}
	_, err := l.Seal(bg)
	ok(t, err)
	ok(t, l.Trim(bg, 4))
	check(l, 4, "45")
}

func testTrimAll(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	e.Clock().Set(time.UnixMilli(5000))
	appendBlock(t, l, "0", "1")
	ok(t, l.Trim(bg, 2))
	check := func(l store.Log) {
		state := l.State()
		equal(t, "horizon", state.First, 2)
		equal(t, "tip", state.Next, 2)
		equal(t, "stamp of the newest record", state.Last.UnixMilli(), 5000)
		var page store.Page
		ok(t, l.Read(bg, 0, store.Limit{}, &page))
		equal(t, "records", len(page.Records), 0)
		equal(t, "Next", page.Next, 2)
		p, err := l.Seek(bg, time.UnixMilli(1))
		ok(t, err)
		equal(t, "Seek", p, 2)
	}
	check(l)
	if r, can := e.(Reopener); can {
		e = r.Reopen(t)
		l = openLog(t, e.Store(), "l")
		check(l)
	}
	e.Clock().Set(time.UnixMilli(4000))
	a := appendBlock(t, l, "2")
	equal(t, "position after all were trimmed", a.First, 2)
	equal(t, "stamp after all were trimmed", a.Stamp.UnixMilli(), 5000)
	equal(t, "records", strings.Join(contents(readAll(t, l)), ""), "2")
}

func testStamps(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	equal(t, "Last of an empty log", l.State().Last.IsZero(), true)
	base := time.UnixMilli(1_700_000_000_000)
	want := []int64{0, 5, 5, 5, 7}
	for i, offset := range []time.Duration{0, 5*time.Millisecond + 999*time.Microsecond, -time.Hour, 5 * time.Millisecond, 7 * time.Millisecond} {
		e.Clock().Set(base.Add(offset))
		a := appendBlock(t, l, "x", "y")
		equal(t, "stamp", a.Stamp.Sub(base), time.Duration(want[i])*time.Millisecond)
		equal(t, "State.Last", l.State().Last.Equal(a.Stamp), true)
	}
	check := func(l store.Log) {
		for i, r := range readAll(t, l) {
			equal(t, "stamp read", r.Stamp.Sub(base), time.Duration(want[i/2])*time.Millisecond)
		}
	}
	check(l)
	e.Clock().Set(base.Add(-time.Hour))
	other := createLog(t, e.Store(), "other")
	for _, x := range []struct{ notBefore, want time.Duration }{{10, 10}, {0, 10}, {11, 11}} {
		b := store.Block{NotBefore: base.Add(x.notBefore*time.Millisecond + time.Microsecond)}
		b.Add([]byte("z"))
		done := make(chan ack, 1)
		other.Append(&b, func(a store.Appended, err error) { done <- ack{a, err} })
		a := receive(t, "append", done)
		ok(t, a.err)
		equal(t, "stamp with a bound", a.Stamp.Sub(base), x.want*time.Millisecond)
	}
	if r, can := e.(Reopener); can {
		e = r.Reopen(t)
		l = openLog(t, e.Store(), "l")
		check(l)
		e.Clock().Set(base)
		a := appendBlock(t, l, "after a restart", "with the clock set back")
		equal(t, "stamp", a.Stamp.Sub(base), 7*time.Millisecond)
	}
}

func testSeek(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	seek := func(ms float64) store.Position {
		t.Helper()
		p, err := l.Seek(bg, time.UnixMicro(int64(ms*1000)))
		ok(t, err)
		return p
	}
	equal(t, "Seek in an empty log", seek(0), 0)
	for _, ms := range []int64{100, 200, 200, 150, 300} { // the clock goes back once
		e.Clock().Set(time.UnixMilli(ms))
		appendBlock(t, l, "x", "y")
	}
	cases := []struct {
		ms   float64
		want store.Position
	}{{0, 0}, {100, 0}, {100.5, 2}, {101, 2}, {199, 2}, {200, 2}, {200.001, 8}, {300, 8}, {300.5, 10}, {1000, 10}}
	for _, tc := range cases {
		if got := seek(tc.ms); got != tc.want {
			t.Errorf("Seek(%v ms) = %d, want %d", tc.ms, got, tc.want)
		}
	}
	ok(t, l.Trim(bg, 5))
	for _, tc := range cases {
		if got := seek(tc.ms); got != max(tc.want, 5) {
			t.Errorf("after Trim: Seek(%v ms) = %d, want %d", tc.ms, got, max(tc.want, 5))
		}
	}
}

func testWait(t *testing.T, e Engine) {
	s := e.Store()
	l := createLog(t, s, "l")
	wait := func(l store.Log, from store.Position) <-chan error {
		return background(func() error { return l.Wait(bg, from) })
	}
	first, third := wait(l, 0), wait(l, 2)
	appendBlock(t, l, "0", "1")
	ok(t, receive(t, "Wait for the first record", first))
	ok(t, receive(t, "Wait for one that is there", wait(l, 1)))
	equal(t, "Wait for the third returns early", ready(third), false)
	appendBlock(t, l, "2")
	ok(t, receive(t, "Wait for the third", third))

	ctx, cancel := context.WithCancel(bg)
	cancelled := background(func() error { return l.Wait(ctx, 3) })
	cancel()
	wantErr(t, "Wait", receive(t, "Wait that is cancelled", cancelled), context.Canceled)

	sealed := wait(l, 3)
	_, err := l.Seal(bg)
	ok(t, err)
	ok(t, receive(t, "Wait when the log is sealed", sealed))
	ok(t, receive(t, "Wait for a sealed log", wait(l, 3)))

	m := createLog(t, s, "m")
	dropped := wait(m, 0)
	ok(t, m.Drop(bg))
	if err := receive(t, "Wait when the log is dropped", dropped); err != nil {
		wantErr(t, "Wait when the log is dropped", err, store.ErrNotFound)
	}
}

func testLogChanged(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	changed := l.Changed()
	equal(t, "Changed without a change", ready(changed), false)
	appendBlock(t, l, "0")
	receive(t, "Changed after an append", changed)
	changed = l.Changed()
	equal(t, "Changed anew", ready(changed), false)
	_, err := l.Seal(bg)
	ok(t, err)
	receive(t, "Changed after Seal", changed)
	changed = l.Changed()
	ok(t, l.Drop(bg))
	receive(t, "Changed after Drop", changed)
}

func testSize(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	const n = 1 << 20
	for range 16 {
		appendBlock(t, l, filler(n/16))
	}
	if size := l.Size(); size < n/2 || size > 2*n {
		t.Errorf("Size of %d bytes is %d", n, size)
	}
}

func testEncrypted(t *testing.T, e Engine) {
	s := e.Store()
	key, err := s.Keys().Create(bg)
	ok(t, err)
	l := createLog(t, s, "l")
	appendBlock(t, l, "plain")
	a := receive(t, "append", startAppend(l, key, "secret 1", "secret 2"))
	ok(t, a.err)
	equal(t, "position", a.First, 1)
	appendBlock(t, l, "plain again")
	if err := receive(t, "append", startAppend(l, key+1000, "x")).err; err == nil {
		t.Error("a block under a key that there is not is accepted")
	}
	check := func(l store.Log) {
		records := readAll(t, l)
		equal(t, "records", strings.Join(contents(records), "|"), "plain|secret 1|secret 2|plain again")
		for i, r := range records {
			equal(t, "Sealed", r.Sealed, i == 1 || i == 2)
		}
		var page store.Page
		ok(t, l.Read(bg, 2, store.Limit{Records: 1}, &page))
		equal(t, "read within the block", strings.Join(contents(page.Records), "|"), "secret 2")
	}
	check(l)
	if r, can := e.(Reopener); can {
		check(openLog(t, r.Reopen(t).Store(), "l"))
	}
}

func testLogDrop(t *testing.T, e Engine) {
	s := e.Store()
	l := createLog(t, s, "l")
	other := createLog(t, s, "l2")
	appendBlock(t, l, "0", "1")
	appendBlock(t, other, "other")
	ok(t, l.Drop(bg))
	_, sealErr := l.Seal(bg)
	_, seekErr := l.Seek(bg, time.UnixMilli(0))
	_, openErr := s.OpenLog(bg, "l")
	for what, err := range map[string]error{
		"Append": receive(t, "append", startAppend(l, 0, "x")).err,
		"Seal":   sealErr,
		"Seek":   seekErr,
		"Read":   l.Read(bg, 0, store.Limit{}, new(store.Page)),
		"Trim":   l.Trim(bg, 1),
		"Wait":   l.Wait(bg, 0),
		"Drop":   l.Drop(bg),
		"Open":   openErr,
	} {
		wantErr(t, what+" after Drop", err, store.ErrNotFound)
	}
	equal(t, "records of another", len(readAll(t, other)), 1)
	l = createLog(t, s, "l")
	equal(t, "state of a new log of the name", l.State(), store.LogState{})
	equal(t, "its first position", appendBlock(t, l, "new").First, 0)
	equal(t, "its records", strings.Join(contents(readAll(t, l)), ""), "new")
}

func testLogsApart(t *testing.T, e Engine) {
	s := e.Store()
	for _, name := range awkwardNames {
		appendBlock(t, createLog(t, s, name), name)
		ok(t, set(bg, s.Partition(name), "k", "v"))
	}
	for i, name := range awkwardNames {
		l := openLog(t, s, name)
		if got := contents(readAll(t, l)); !slices.Equal(got, []string{name}) {
			t.Errorf("log %q holds %q", name, got)
		}
		ok(t, l.Drop(bg))
		for _, other := range awkwardNames[i+1:] {
			equal(t, "records of "+other, len(readAll(t, openLog(t, s, other))), 1)
		}
		equal(t, "rows of the partition of that name", len(dump(t, s.Partition(name))), 1)
	}
}
