package storetest

import (
	"time"

	"github.com/millrace/millrace/internal/store"
)

// log returns a random log and its model, made where there is none.
func (r *randomRun) log() (string, store.Log, *logModel) {
	name := r.name()
	if r.logs[name] == nil {
		r.note("create log %s", name)
		createLog(r.t, r.e.Store(), name)
		r.logs[name] = new(logModel)
	}
	_, err := r.e.Store().CreateLog(bg, name)
	wantErr(r.t, "CreateLog", err, store.ErrExists)
	return name, openLog(r.t, r.e.Store(), name), r.logs[name]
}

func (r *randomRun) records() []string {
	records := make([]string, 1+r.r.IntN(5))
	for i := range records {
		records[i] = filler(r.r.IntN(40))
	}
	return records
}

// append makes several appends before it waits for the first.
func (r *randomRun) append() {
	name, l, m := r.log()
	type flight struct {
		ack     <-chan ack
		sealed  bool
		records []string
	}
	flights := make([]flight, 1+r.r.IntN(4))
	for i := range flights {
		f := flight{records: r.records(), sealed: r.r.IntN(3) == 0}
		key := store.KeyID(0)
		if f.sealed {
			key = r.key
		}
		r.note("append to %s %q under key %d", name, f.records, key)
		f.ack = startAppend(l, key, f.records...)
		flights[i] = f
	}
	for _, f := range flights {
		a := receive(r.t, "append", f.ack)
		if m.sealed {
			wantErr(r.t, "Append", a.err, store.ErrSealed)
			continue
		}
		ok(r.t, a.err)
		equal(r.t, "position", a.First, store.Position(len(m.records)))
		m.append(r.e.Clock().Now(), f.sealed, f.records)
		equal(r.t, "stamp", a.Stamp.UnixMilli(), m.last())
	}
	equal(r.t, "state of "+name, describeState(l.State()), m.state())
}

func (r *randomRun) read() {
	name, l, m := r.log()
	from := r.r.IntN(len(m.records) + 1)
	limit := store.Limit{Records: max(0, r.r.IntN(12)-3), Bytes: max(0, r.r.IntN(200)-50)}
	r.note("read %s from %d, %+v", name, from, limit)
	var page store.Page
	ok(r.t, l.Read(bg, store.Position(from), limit, &page))
	equal(r.t, "read", describePage(&page), m.read(from, limit))
}

func (r *randomRun) seek() {
	name, l, m := r.log()
	t := r.e.Clock().Now().Add(time.Duration(r.r.IntN(40_000)-35_000) * time.Millisecond)
	r.note("seek %s to %d", name, t.UnixMilli())
	p, err := l.Seek(bg, t)
	ok(r.t, err)
	equal(r.t, "Seek", p, store.Position(m.seek(t.UnixMilli())))
}

func (r *randomRun) trim() {
	name, l, m := r.log()
	before := r.r.IntN(len(m.records) + 1)
	r.note("trim %s before %d", name, before)
	ok(r.t, l.Trim(bg, store.Position(before)))
	m.first = max(m.first, before)
	r.compareLog(name)
}

func (r *randomRun) seal() {
	name, l, m := r.log()
	r.note("seal %s", name)
	end, err := l.Seal(bg)
	ok(r.t, err)
	equal(r.t, "end", end, store.Position(len(m.records)))
	m.sealed = true
}

func (r *randomRun) dropLog() {
	name, l, _ := r.log()
	r.note("drop log %s", name)
	ok(r.t, l.Drop(bg))
	delete(r.logs, name)
	_, err := r.e.Store().OpenLog(bg, name)
	wantErr(r.t, "OpenLog", err, store.ErrNotFound)
}

func (r *randomRun) compareLog(name string) {
	l, m := openLog(r.t, r.e.Store(), name), r.logs[name]
	equal(r.t, "state of "+name, describeState(l.State()), m.state())
	var page store.Page
	ok(r.t, l.Read(bg, 0, store.Limit{}, &page))
	equal(r.t, "records of "+name, describePage(&page), m.read(0, store.Limit{}))
}
