package storetest

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace/millrace/internal/store"
)

var concurrentTests = []test{
	{"Logs", testConcurrentLogs},
	{"Partition", testConcurrentPartition},
	{"Seal", testConcurrentSeal},
}

// testConcurrentLogs has writers append to shared logs while readers follow
// from the start: each reader sees every position once, in order, and of each
// writer the records in the order in which it was acknowledged.
func testConcurrentLogs(t *testing.T, e Engine) {
	const writers, blocks, logs = 4, 60, 2
	var wg sync.WaitGroup
	for i := range logs {
		l := createLog(t, e.Store(), fmt.Sprint(i))
		for w := range writers {
			wg.Go(func() {
				last := store.Position(0)
				for n := range blocks {
					a := receive(t, "append", startAppend(l, 0, fmt.Sprintf("%d %d", w, 2*n), fmt.Sprintf("%d %d", w, 2*n+1)))
					if a.err != nil || n > 0 && a.First <= last {
						t.Errorf("append at %d after %d: %v", a.First, last, a.err)
						return
					}
					last = a.First
					if next := l.State().Next; next < last+2 {
						t.Errorf("tip %d after the acknowledgement of %d", next, last)
					}
				}
			})
		}
		for range 2 {
			wg.Go(func() { follow(t, l, writers, 2*blocks) })
		}
	}
	wg.Wait()
}

// follow reads what writers append until each has written so many records.
func follow(t *testing.T, l store.Log, writers, each int) {
	var page store.Page
	ctx := deadline(t)
	next := store.Position(0)
	seen := make([]int, writers)
	for next < store.Position(writers*each) {
		if err := l.Wait(ctx, next); err != nil {
			t.Errorf("Wait for %d: %v", next, err)
			return
		}
		page.Reset()
		if err := l.Read(ctx, next, store.Limit{Records: 50}, &page); err != nil || len(page.Records) == 0 {
			t.Errorf("Read at %d: %d records, %v", next, len(page.Records), err)
			return
		}
		for _, r := range page.Records {
			var w, n int
			if _, err := fmt.Sscan(string(r.Data), &w, &n); err != nil || r.Position != next || seen[w] != n {
				t.Errorf("position %d holds %q at %d", r.Position, r.Data, next)
				return
			}
			seen[w]++
			next++
		}
	}
}

// testConcurrentPartition moves amounts between rows while readers add them up:
// the sum is always the same, and versions tell states apart.
func testConcurrentPartition(t *testing.T, e Engine) {
	p := e.Store().Partition("p")
	const rows, total = 5, 500
	ok(t, set(bg, p, "0", strconv.Itoa(total), "1", "0", "2", "0", "3", "0", "4", "0"))
	var states sync.Map
	var done atomic.Bool
	var writers, readers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range 60 {
				from, to := strconv.Itoa((i+w)%rows), strconv.Itoa((i*3+w+1)%rows)
				err := p.Update(bg, func(tx store.Tx) error {
					f, _ := strconv.Atoi(lookup(tx, from))
					tx.Set([]byte(from), []byte(strconv.Itoa(f-i)))
					n, _ := strconv.Atoi(lookup(tx, to))
					tx.Set([]byte(to), []byte(strconv.Itoa(n+i)))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for !done.Load() {
				err := p.View(bg, func(r store.Reader) error {
					sum, state := 0, ""
					for kv, err := range r.Scan(nil, nil) {
						if err != nil {
							return err
						}
						n, _ := strconv.Atoi(string(kv.Value))
						sum += n
						state += string(kv.Value) + " "
					}
					if sum != total {
						return fmt.Errorf("rows %s add up to %d", state, sum)
					}
					if was, there := states.LoadOrStore(r.Version(), state); there && was != state {
						return fmt.Errorf("version %v is of %s and of %s", r.Version(), was, state)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
}

// testConcurrentSeal seals a log that is being written: the end is behind every
// acknowledged record and nothing follows it.
func testConcurrentSeal(t *testing.T, e Engine) {
	l := createLog(t, e.Store(), "l")
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				a := receive(t, "append", startAppend(l, 0, "x"))
				if a.err != nil {
					wantErr(t, "Append", a.err, store.ErrSealed)
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	for l.State().Next < 50 {
		ok(t, l.Wait(deadline(t), l.State().Next))
	}
	ends := [2]store.Position{}
	for i := range ends {
		wg.Go(func() { ends[i], _ = l.Seal(bg) })
	}
	wg.Wait()
	equal(t, "ends", ends[0], ends[1])
	equal(t, "end", ends[0], store.Position(acknowledged.Load()))
	equal(t, "tip", l.State().Next, ends[0])
	equal(t, "records", len(readAll(t, l)), int(ends[0]))
}
