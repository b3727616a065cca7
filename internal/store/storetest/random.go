package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/store"
)

const (
	randomSeeds = 24
	randomOps   = 300
)

// randomTests run random operations on an engine and on a model and compare.
// One that fails prints its operations.
var randomTests = func() (tests []test) {
	for seed := range uint64(randomSeeds) {
		tests = append(tests, test{fmt.Sprint("Seed", seed), func(t *testing.T, e Engine) {
			newRandomRun(t, e, seed).run(randomOps)
		}})
	}
	return tests
}()

// randomRun is one random history.
type randomRun struct {
	t        *testing.T
	e        Engine
	r        *rand.Rand
	key      store.KeyID
	rows     map[string]rowModel
	logs     map[string]*logModel
	versions map[string]map[store.Version]string // what each version of a partition held
	history  []string
}

func newRandomRun(t *testing.T, e Engine, seed uint64) *randomRun {
	key, err := e.Store().Keys().Create(bg)
	ok(t, err)
	return &randomRun{
		t: t, e: e, r: rand.New(rand.NewPCG(seed, 0)), key: key,
		rows: make(map[string]rowModel), logs: make(map[string]*logModel),
		versions: make(map[string]map[store.Version]string),
	}
}

func (r *randomRun) run(n int) {
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("operations:\n%s", strings.Join(r.history, "\n"))
		}
	})
	r.e.Clock().Set(time.UnixMilli(1_000_000))
	ops := []struct {
		weight int
		run    func()
	}{
		{25, r.update}, {10, r.scan}, {2, r.dropPartition},
		{30, r.append}, {20, r.read}, {10, r.seek}, {4, r.trim}, {1, r.seal}, {2, r.dropLog},
		{10, r.clock}, {2, r.list}, {2, r.restart}, {2, r.crash},
	}
	total := 0
	for _, op := range ops {
		total += op.weight
	}
	for range n {
		pick := r.r.IntN(total)
		for _, op := range ops {
			if pick -= op.weight; pick < 0 {
				op.run()
				break
			}
		}
		if r.t.Failed() {
			return
		}
	}
	r.compare()
}

func (r *randomRun) note(format string, args ...any) {
	r.history = append(r.history, fmt.Sprintf(format, args...))
}

func (r *randomRun) name() string { return []string{"a", "a/b", "c"}[r.r.IntN(3)] }

func (r *randomRun) randomKey() string {
	return string(rune('a'+r.r.IntN(12))) + []string{"", "x"}[r.r.IntN(2)]
}

// write is one write of an Update.
type write struct {
	key, end, value string
	kind            int // set, delete, delete the range up to end
}

func (w write) String() string {
	return [...]string{"set " + w.key + "=" + w.value, "delete " + w.key, "delete " + w.key + ".." + w.end}[w.kind]
}

func (w write) to(tx store.Tx) {
	switch w.kind {
	case 0:
		tx.Set([]byte(w.key), []byte(w.value))
	case 1:
		tx.Delete([]byte(w.key))
	case 2:
		tx.DeleteRange([]byte(w.key), []byte(w.end))
	}
}

func (r *randomRun) writes() []write {
	all := make([]write, 1+r.r.IntN(4))
	for i := range all {
		all[i] = write{key: r.randomKey(), end: r.randomKey(), value: fmt.Sprint(r.r.IntN(1000)), kind: max(0, r.r.IntN(5)-2)}
	}
	return all
}

func (r *randomRun) update() {
	name, writes, fails := r.name(), r.writes(), r.r.IntN(8) == 0
	r.note("update %s %v, f fails: %v", name, writes, fails)
	next := r.rows[name].apply(writes)
	refusal := fmt.Errorf("refused")
	err := r.e.Store().Partition(name).Update(bg, func(tx store.Tx) error {
		for _, w := range writes {
			w.to(tx)
		}
		equal(r.t, "rows within the Update", strings.Join(rows(tx, nil, nil, false), " "), next.String())
		if fails {
			return refusal
		}
		return nil
	})
	if fails {
		wantErr(r.t, "Update", err, refusal)
	} else {
		ok(r.t, err)
		r.rows[name] = next
	}
	r.comparePartition(name)
}

func (r *randomRun) dropPartition() {
	name := r.name()
	r.note("drop partition %s", name)
	ok(r.t, r.e.Store().Partition(name).Drop(bg))
	r.rows[name] = nil
	r.comparePartition(name)
}

func (r *randomRun) scan() {
	name, from, to, reverse := r.name(), r.randomKey(), r.randomKey(), r.r.IntN(2) == 0
	r.note("scan %s from %s to %s, reverse: %v", name, from, to, reverse)
	ok(r.t, r.e.Store().Partition(name).View(bg, func(rd store.Reader) error {
		got := strings.Join(rows(rd, []byte(from), []byte(to), reverse), " ")
		equal(r.t, "scan", got, strings.Join(r.rows[name].scan(from, to, reverse), " "))
		return nil
	}))
}

func (r *randomRun) comparePartition(name string) {
	p := r.e.Store().Partition(name)
	want := r.rows[name].String()
	equal(r.t, "rows of "+name, strings.Join(dump(r.t, p), " "), want)
	seen := r.versions[name]
	if seen == nil {
		seen = make(map[store.Version]string)
		r.versions[name] = seen
	}
	if was, there := seen[p.Version()]; there && was != want {
		r.t.Errorf("version %v of %s was of %q, is of %q", p.Version(), name, was, want)
	}
	seen[p.Version()] = want
}

// compare compares everything.
func (r *randomRun) compare() {
	for name := range r.rows {
		r.comparePartition(name)
	}
	for name := range r.logs {
		r.compareLog(name)
	}
	r.list()
}

func (r *randomRun) list() {
	var partitions, logs []string
	for _, name := range []string{"a", "a/b", "c"} {
		if len(r.rows[name]) > 0 {
			partitions = append(partitions, name)
		}
		if r.logs[name] != nil {
			logs = append(logs, name)
		}
	}
	names, err := r.e.Store().Partitions(bg, "")
	ok(r.t, err)
	equal(r.t, "Partitions", strings.Join(names, " "), strings.Join(partitions, " "))
	names, err = r.e.Store().Logs(bg, "")
	ok(r.t, err)
	equal(r.t, "Logs", strings.Join(names, " "), strings.Join(logs, " "))
}

func (r *randomRun) clock() {
	d := time.Duration(r.r.IntN(4000)-1000) * time.Millisecond
	r.note("clock moves by %v", d)
	r.e.Clock().Set(r.e.Clock().Now().Add(d))
}

func (r *randomRun) restart() {
	reopener, can := r.e.(Reopener)
	if !can {
		return
	}
	r.note("restart")
	r.reopened(reopener.Reopen(r.t))
}

// reopened goes on with e, in which everything must be as the model has it.
func (r *randomRun) reopened(e Engine) {
	if now := r.e.Clock().Now(); e.Clock() != r.e.Clock() {
		e.Clock().Set(now)
	}
	r.e = e
	r.compare()
}

// crash crashes with an Update and some appends in flight, if the engine can
// hold them, and takes from what it finds which of them took effect.
func (r *randomRun) crash() {
	crasher, can := r.e.(Crasher)
	if !can {
		return
	}
	percent, seed := []int{0, 50, 100}[r.r.IntN(3)], r.r.Uint64()
	holder, can := r.e.(Holder)
	if !can {
		r.note("crash at %d %%", percent)
		r.reopened(crasher.CrashClone(r.t, percent, seed))
		return
	}
	// One write that is no deletion, so that there is something to sync.
	partition, writes := r.name(), append(r.writes(), write{key: "h", value: "held"})
	log, blocks := r.name(), make([][]string, r.r.IntN(4))
	if r.logs[log] == nil || r.logs[log].sealed {
		blocks = nil
	}
	for i := range blocks {
		blocks[i] = r.records()
	}
	r.note("crash at %d %% with seed %d while update %s %v and append %s %q", percent, seed, partition, writes, log, blocks)

	holder.HoldSync()
	var acks []<-chan ack
	for _, b := range blocks {
		acks = append(acks, startAppend(openLog(r.t, r.e.Store(), log), 0, b...))
	}
	p := r.e.Store().Partition(partition)
	updating := background(func() error {
		return p.Update(bg, func(tx store.Tx) error {
			for _, w := range writes {
				w.to(tx)
			}
			return nil
		})
	})
	holder.AwaitHeld()
	e := crasher.CrashClone(r.t, percent, seed)
	holder.ReleaseSync()
	ok(r.t, receive(r.t, "Update", updating))
	for _, c := range acks {
		ok(r.t, receive(r.t, "append", c).err)
	}

	if next := r.rows[partition].apply(writes); strings.Join(dump(r.t, e.Store().Partition(partition)), " ") == next.String() {
		r.rows[partition] = next
	}
	if len(blocks) > 0 {
		tip := int(openLog(r.t, e.Store(), log).State().Next)
		m := r.logs[log]
		for _, b := range blocks {
			if len(m.records) >= tip {
				break
			}
			m.append(r.e.Clock().Now(), false, b)
		}
	}
	r.reopened(e)
}
