// Package storetest is the suite that every engine of package store passes: the
// sentences of the contract one by one, durability shown with syncs that are
// held and with crashes, injected faults, and random operations against a model.
//
// What a test does to an engine beyond the contract is a hook, an interface that
// the Engine may implement. An engine that lacks one skips the tests that need
// it, and Run logs how many it skipped.
//
// Tests use no time of the machine: the engine runs on the fake clock that it
// hands out.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/base/clock"
	"github.com/millrace/millrace/internal/store"
)

// Engine is an opened store under test. Whoever makes one has t close it at the
// end of the test.
type Engine interface {
	Store() store.Store
	// Clock returns the clock that the store uses.
	Clock() *clock.Fake
}

// Holder is an engine whose syncs can be held, so that commits stay in flight.
// Closing the engine lets them go, so that a test that fails does not hang.
type Holder interface {
	// HoldSync makes syncs wait from now on.
	HoldSync()
	// AwaitHeld blocks until a commit waits for a sync that is held.
	AwaitHeld()
	// ReleaseSync lets go what is held, and holds no more.
	ReleaseSync()
}

// Reopener is an engine that can be restarted.
type Reopener interface {
	// Reopen closes the store and opens it again. The old Engine is not used any more.
	Reopen(t *testing.T) Engine
}

// Crasher is an engine of which a crash can be looked at.
type Crasher interface {
	// CrashClone opens a store on what a crash at this moment would leave, where
	// percent of what is not synced reached the disk, by chance drawn from seed.
	// Nothing is held in it. This Engine goes on.
	CrashClone(t *testing.T, percent int, seed uint64) Engine
}

// Failer is an engine whose commits can fail.
type Failer interface {
	// InjectWriteError makes the next commit fail, at the engine's choice with
	// effect or without.
	InjectWriteError(err error)
}

// Filler is an engine whose disk can be filled.
type Filler interface {
	// SetNoSpace says whether the disk is below its reserve.
	SetNoSpace(low bool)
}

// Damager is an engine whose stored records can be damaged.
type Damager interface {
	// Damage damages the stored block that holds a log's record at position, which
	// was not read before. It may damage what was stored beside a small block, too.
	Damage(t *testing.T, log string, position store.Position)
}

// test is one test of the suite, with an engine of its own.
type test struct {
	name string
	run  func(t *testing.T, e Engine)
}

// Run runs the suite on engines that open makes, each empty.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	skipped := 0
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Partition", partitionTests},
		{"Log", logTests},
		{"Store", storeTests},
		{"Keyring", keyringTests},
		{"Blobs", blobTests},
		{"Durable", durableTests},
		{"Crash", crashTests},
		{"Fault", faultTests},
		{"Concurrent", concurrentTests},
		{"Random", randomTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Cleanup(func() {
						if t.Skipped() {
							skipped++
						}
					})
					test.run(t, open(t))
				})
			}
		})
	}
	t.Logf("skipped for want of a hook: %d tests", skipped)
}

// hook returns the engine as H, or skips the test.
func hook[H any](t *testing.T, e Engine) H {
	t.Helper()
	h, ok := e.(H)
	if !ok {
		t.Skipf("the engine is no %T", (*H)(nil))
	}
	return h
}

var bg = context.Background()

// deadline returns a context for what must happen soon: it turns a hang into a
// failure.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(bg, 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// receive receives what must come soon.
func receive[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-deadline(t).Done():
		t.Fatalf("%s: does not happen", what)
		panic("unreachable")
	}
}

// background runs f and returns where its result will come.
func background[T any](f func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return c
}

func ready[T any](c <-chan T) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func createLog(t *testing.T, s store.Store, name string) store.Log {
	t.Helper()
	l, err := s.CreateLog(bg, name)
	ok(t, err)
	return l
}

func openLog(t *testing.T, s store.Store, name string) store.Log {
	t.Helper()
	l, err := s.OpenLog(bg, name)
	ok(t, err)
	return l
}

// ack is the outcome of an append.
type ack struct {
	store.Appended
	err error
}

// startAppend begins an append of one block and returns where its outcome will
// come.
func startAppend(l store.Log, key store.KeyID, records ...string) <-chan ack {
	var b store.Block
	b.Key = key
	for _, r := range records {
		b.Add([]byte(r))
	}
	c := make(chan ack, 1)
	l.Append(&b, func(a store.Appended, err error) { c <- ack{a, err} })
	return c
}

func appendBlock(t *testing.T, l store.Log, records ...string) store.Appended {
	t.Helper()
	a := receive(t, "append", startAppend(l, 0, records...))
	ok(t, a.err)
	return a.Appended
}

// readAll returns a log's records from the horizon to the tip, and checks that
// their positions are dense.
func readAll(t *testing.T, l store.Log) []store.Record {
	t.Helper()
	var all []store.Record
	state := l.State()
	next := state.First
	for next < state.Next {
		var page store.Page
		ok(t, l.Read(bg, next, store.Limit{Records: 100}, &page))
		if len(page.Records) == 0 {
			t.Fatalf("read at %d of [%d,%d) gives no record", next, state.First, state.Next)
		}
		for _, r := range page.Records {
			if r.Position != next {
				t.Fatalf("read gives position %d, want %d", r.Position, next)
			}
			next++
		}
		equal(t, "Page.Next", page.Next, next)
		all = append(all, page.Records...)
	}
	return all
}

func contents(records []store.Record) []string {
	var data []string
	for _, r := range records {
		data = append(data, string(r.Data))
	}
	return data
}

// set writes pairs of key and value in one Update.
func set(ctx context.Context, p store.Partition, pairs ...string) error {
	return p.Update(ctx, func(tx store.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Set([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	})
}

// get returns a value as View sees it; "" where there is none.
func get(t *testing.T, p store.Partition, key string) (value string) {
	t.Helper()
	ok(t, p.View(bg, func(r store.Reader) error {
		value = lookup(r, key)
		return nil
	}))
	return value
}

// lookup returns a value; "" where there is none.
func lookup(r store.Reader, key string) string {
	v, err := r.Get([]byte(key))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ""
	case err != nil:
		return "error: " + err.Error()
	}
	return string(v)
}

// rows returns a range as "key=value" in the order of the scan.
func rows(r store.Reader, from, to []byte, reverse bool) []string {
	scan := r.Scan
	if reverse {
		scan = r.ScanReverse
	}
	var all []string
	for kv, err := range scan(from, to) {
		if err != nil {
			return append(all, "error: "+err.Error())
		}
		all = append(all, string(kv.Key)+"="+string(kv.Value))
	}
	return all
}

// dump returns all rows of a partition as View sees them.
func dump(t *testing.T, p store.Partition) (all []string) {
	t.Helper()
	ok(t, p.View(bg, func(r store.Reader) error {
		all = rows(r, nil, nil, false)
		return nil
	}))
	return all
}

// filler returns n bytes that do not compress.
func filler(n int) string {
	b := make([]byte, n)
	for i := range b {
		x := (uint32(i) + 1) * 2654435761
		x ^= x >> 15
		x *= 2246822519
		b[i] = byte(x >> 16)
	}
	return string(b)
}
