package queues

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

func TestSoundHistoriesPass(t *testing.T) {
	for seed := range uint64(100) {
		for _, fifo := range []bool{false, true} {
			q := build(seed, fifo)
			if v := Check(q); len(v) > 0 {
				t.Fatalf("seed %d, FIFO %t: %v", seed, fifo, v)
			}
			if n := len(q.Sends); n < 50 || len(q.Dead.Receives) == 0 {
				t.Fatalf("seed %d, FIFO %t: %d sends", seed, fifo, n)
			}
		}
	}
}

// plan is a history by hand: times are milliseconds.
type plan struct{ q Queue }

func call(began, ended int, o history.Outcome) Call {
	return Call{time.Duration(began) * time.Millisecond, time.Duration(ended) * time.Millisecond, o}
}

const (
	ok   = history.Acknowledged
	lost = history.Unknown
	no   = history.Refused
)

func (p *plan) send(n, began int, o history.Outcome) *Send {
	s := Send{ID: history.ID{Writer: 1, N: uint64(n)}, Call: call(began, began+10, o)}
	if p.q.FIFO {
		s.Group, s.Dedup = "g", fmt.Sprint("d", n)
	}
	if o == ok {
		s.MessageID = fmt.Sprint("m", n)
		if p.q.FIFO {
			s.Sequence = fmt.Sprint(1000 + n)
		}
	}
	p.q.Sends = append(p.q.Sends, s)
	return &p.q.Sends[len(p.q.Sends)-1]
}

// receive delivers messages for 100 ms, each under the handle "n/count".
func (p *plan) receive(q *Queue, began, count int, ns ...int) *Receive {
	r := Receive{Call: call(began, began+10, ok), Visibility: 100 * time.Millisecond}
	for _, n := range ns {
		d := Delivery{ID: history.ID{Writer: 1, N: uint64(n)}, MessageID: fmt.Sprint("m", n), Handle: fmt.Sprint(n, "/", count), Count: count}
		if p.q.FIFO {
			d.Group, d.Sequence = "g", fmt.Sprint(1000+n)
		}
		r.Messages = append(r.Messages, d)
	}
	q.Receives = append(q.Receives, r)
	return &q.Receives[len(q.Receives)-1]
}

func (p *plan) delete(q *Queue, handle string, began int, o history.Outcome) {
	q.Acts = append(q.Acts, Act{Handle: handle, Delete: true, Call: call(began, began+10, o)})
}

func (p *plan) change(handle string, began, visibility int) {
	p.q.Acts = append(p.q.Acts, Act{Handle: handle, Visibility: time.Duration(visibility) * time.Millisecond, Call: call(began, began+10, ok)})
}

// Each history here comes with what must be found in it: "" for nothing, where it
// is next to one that is wrong.
func TestHistoriesByHand(t *testing.T) {
	for _, c := range []struct {
		name string
		fifo bool
		plan func(p *plan)
		want history.Rule
	}{
		{"an acknowledged message is never seen", false, func(p *plan) { p.send(1, 0, ok) }, history.Lost},
		{"one of unknown outcome is never seen", false, func(p *plan) { p.send(1, 0, lost) }, ""},
		{"one is seen and vanishes", false, func(p *plan) {
			p.send(1, 0, lost)
			p.receive(&p.q, 100, 1, 1)
		}, history.Lost},
		{"a deletion of unknown outcome", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, lost)
		}, ""},
		{"a refused deletion", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, no)
		}, history.Lost},
		{"a stale handle deletes", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 300, 2, 1)
			p.delete(&p.q, "1/1", 320, ok)
		}, history.Lost},
		{"a refused message is delivered", false, func(p *plan) {
			p.send(1, 0, no)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, ok)
		}, history.Refusal},
		{"a message of nobody", false, func(p *plan) { p.receive(&p.q, 100, 1, 7) }, history.Foreign},
		{"other bytes", false, func(p *plan) {
			p.send(1, 0, lost)
			p.receive(&p.q, 100, 1, 1).Messages[0].Damaged = "not the bytes"
		}, history.Damage},
		{"another group", true, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1).Messages[0].Group = "other"
			p.delete(&p.q, "1/1", 120, ok)
		}, history.Damage},
		{"another message id", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1).Messages[0].MessageID = "other"
			p.delete(&p.q, "1/1", 120, ok)
		}, history.Duplicated},
		{"one message id for two", false, func(p *plan) {
			p.send(1, 0, ok).MessageID = "m2"
			p.send(2, 0, ok)
		}, history.Reused},
		{"a handle given twice", false, func(p *plan) {
			p.send(1, 0, ok)
			p.send(2, 0, ok)
			p.receive(&p.q, 100, 1, 1, 2).Messages[1].Handle = "1/1"
		}, history.Reused},
		{"a deleted message returns", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, ok)
			p.receive(&p.q, 300, 2, 1)
		}, Returned},
		{"deleted while a lost receive may have taken it", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 210, 2).Outcome = lost
			p.delete(&p.q, "1/1", 230, ok)
			p.receive(&p.q, 400, 3, 1)
			p.delete(&p.q, "1/3", 420, ok)
		}, ""},
		{"the same of a FIFO queue, which would have said so", true, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 210, 2).Outcome = lost
			p.delete(&p.q, "1/1", 230, ok)
			p.receive(&p.q, 400, 3, 1)
			p.delete(&p.q, "1/3", 420, ok)
		}, Returned},
		{"the same of another that would have said so", false, func(p *plan) {
			p.q.Tells = true
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 210, 2).Outcome = lost
			p.delete(&p.q, "1/1", 230, ok)
			p.receive(&p.q, 400, 3, 1)
			p.delete(&p.q, "1/3", 420, ok)
		}, Returned},
		{"deleted while a lost receive cannot have taken it", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 120, 2).Outcome = lost
			p.delete(&p.q, "1/1", 140, ok)
			p.receive(&p.q, 400, 2, 1)
			p.delete(&p.q, "1/2", 420, ok)
		}, Returned},
		{"two hold a message", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 180, 2, 1)
			p.delete(&p.q, "1/2", 190, ok)
		}, Overlap},
		{"a lease is ended by its holder", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.change("1/1", 120, 0)
			p.receive(&p.q, 140, 2, 1)
			p.delete(&p.q, "1/2", 190, ok)
		}, ""},
		{"a longer lease is not kept", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.change("1/1", 120, 1000)
			p.receive(&p.q, 300, 2, 1)
			p.delete(&p.q, "1/2", 320, ok)
		}, Overlap},
		{"a stale handle ends a lease", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 300, 2, 1)
			p.change("1/1", 320, 0)
			p.receive(&p.q, 340, 3, 1)
			p.delete(&p.q, "1/3", 360, ok)
		}, Overlap},
		{"a count is given twice", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 300, 1, 1).Messages[0].Handle = "other"
			p.delete(&p.q, "other", 320, ok)
		}, Miscounted},
		{"counts go down", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 50, 1).Outcome = lost
			p.receive(&p.q, 100, 2, 1)
			p.receive(&p.q, 300, 1, 1)
			p.delete(&p.q, "1/1", 320, ok)
		}, Miscounted},
		{"a count is left out", false, func(p *plan) {
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 2, 1)
			p.delete(&p.q, "1/2", 120, ok)
		}, Miscounted},
		{"delivered in its delay", false, func(p *plan) {
			p.send(1, 0, ok).Delay = time.Second
			p.receive(&p.q, 900, 1, 1)
			p.delete(&p.q, "1/1", 920, ok)
		}, Hasty},
		{"a purged message is delivered", false, func(p *plan) {
			p.send(1, 0, ok)
			p.q.Purges = append(p.q.Purges, call(20, 30, ok))
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, ok)
		}, Returned},
		{"sent after a purge, and gone", false, func(p *plan) {
			p.q.Purges = append(p.q.Purges, call(20, 30, ok))
			p.send(1, 40, ok)
		}, history.Lost},
		{"purged", false, func(p *plan) {
			p.send(1, 0, ok)
			p.q.Purges = append(p.q.Purges, call(20, 30, lost))
		}, ""},
		{"sent again under its id", true, func(p *plan) {
			p.send(1, 0, lost)
			p.send(1, 20, ok)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, ok)
		}, ""},
		{"both sends of an id are accepted", true, func(p *plan) {
			p.send(1, 0, ok)
			p.send(1, 20, ok).MessageID = "m2"
		}, history.Duplicated},
		{"both are delivered", true, func(p *plan) {
			p.send(1, 0, ok)
			p.send(2, 20, lost).Dedup = "d1"
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, ok)
			p.receive(&p.q, 140, 1, 2)
			p.delete(&p.q, "2/1", 160, ok)
		}, history.Duplicated},
		{"numbers against the order of the sends", true, func(p *plan) {
			p.send(1, 0, ok).Sequence = "1009"
			p.send(2, 20, ok)
		}, history.Unordered},
		{"order in an answer", true, func(p *plan) {
			p.send(1, 0, ok)
			p.send(2, 20, ok)
			p.receive(&p.q, 100, 1, 2, 1)
			p.delete(&p.q, "1/1", 120, ok)
			p.delete(&p.q, "2/1", 140, ok)
		}, history.Unordered},
		{"a later one while an earlier one is held", true, func(p *plan) {
			p.send(1, 0, ok)
			p.send(2, 20, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(&p.q, 120, 1, 2)
			p.delete(&p.q, "1/1", 140, ok)
			p.delete(&p.q, "2/1", 160, ok)
		}, history.Overtaken},
		{"a later one after an earlier one is deleted", true, func(p *plan) {
			p.send(1, 0, ok)
			p.send(2, 20, ok)
			p.receive(&p.q, 100, 1, 1)
			p.delete(&p.q, "1/1", 120, lost)
			p.receive(&p.q, 140, 1, 2)
			p.delete(&p.q, "2/1", 160, ok)
		}, ""},
		{"a dead letter", false, func(p *plan) {
			dies(p)
			p.receive(p.q.Dead, 400, 3, 1)
			p.delete(p.q.Dead, "1/3", 420, ok)
		}, ""},
		{"a dead letter gets lost", false, dies, history.Lost},
		{"a dead letter comes twice", false, func(p *plan) {
			dies(p)
			p.receive(p.q.Dead, 400, 3, 1)
			p.delete(p.q.Dead, "1/3", 420, ok)
			p.receive(p.q.Dead, 440, 3, 1).Messages[0].Handle = "other"
		}, Miscounted},
		{"a dead letter is delivered by its source", false, func(p *plan) {
			p.q.MaxReceives = 3
			dies(p)
			p.receive(p.q.Dead, 400, 3, 1)
			p.delete(p.q.Dead, "1/3", 420, ok)
			p.receive(&p.q, 440, 3, 1)
		}, Returned},
		{"a dead letter comes too early", false, func(p *plan) {
			p.q.MaxReceives = 2
			p.send(1, 0, ok)
			p.receive(&p.q, 100, 1, 1)
			p.receive(p.q.Dead, 400, 2, 1)
			p.delete(p.q.Dead, "1/2", 420, ok)
		}, Buried},
		{"a message is received too often", false, func(p *plan) {
			dies(p)
			p.receive(&p.q, 400, 3, 1)
			p.delete(&p.q, "1/3", 420, ok)
		}, Buried},
		{"a dead letter while somebody holds it", false, func(p *plan) {
			dies(p)
			p.receive(p.q.Dead, 330, 3, 1)
			p.delete(p.q.Dead, "1/3", 420, ok)
		}, Overlap},
		{"a deleted message is a dead letter", false, func(p *plan) {
			dies(p)
			p.delete(&p.q, "1/2", 320, ok)
			p.receive(p.q.Dead, 500, 3, 1)
			p.delete(p.q.Dead, "1/3", 520, ok)
		}, Returned},
		{"one that was deleted late is a dead letter", false, func(p *plan) {
			dies(p)
			p.delete(&p.q, "1/2", 450, ok)
			p.receive(p.q.Dead, 500, 3, 1)
			p.delete(p.q.Dead, "1/3", 520, ok)
		}, ""},
		{"the same of a queue that would have said so", false, func(p *plan) {
			p.q.Tells = true
			dies(p)
			p.delete(&p.q, "1/2", 450, ok)
			p.receive(p.q.Dead, 500, 3, 1)
			p.delete(p.q.Dead, "1/3", 520, ok)
		}, Returned},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &plan{Queue{Name: "q", FIFO: c.fifo, Drained: true, Dead: &Queue{Name: "dead"}}}
			c.plan(p)
			v := Check(p.q)
			if c.want == "" && len(v) > 0 || c.want != "" && !slices.ContainsFunc(v, func(v history.Violation) bool { return v.Rule == c.want }) {
				t.Errorf("found %v, want %q", v, c.want)
			}
		})
	}
}

// dies has a message received as often as it may be.
func dies(p *plan) {
	if p.q.MaxReceives == 0 {
		p.q.MaxReceives = 2
	}
	p.send(1, 0, ok)
	p.receive(&p.q, 100, 1, 1)
	p.receive(&p.q, 300, 2, 1)
}

func TestOneCallKeepsItsOrder(t *testing.T) {
	p := &plan{Queue{Name: "q", FIFO: true}}
	p.send(2, 0, ok)
	p.send(1, 0, ok).Sequence = "1003"
	if v := Check(p.q); len(v) != 1 || v[0].Rule != history.Unordered {
		t.Errorf("found %v", v)
	}
}

func TestAnUnfinishedHistoryLosesNothing(t *testing.T) {
	p := &plan{Queue{Name: "q"}}
	p.send(1, 0, ok)
	if v := Check(p.q); len(v) > 0 {
		t.Errorf("found %v", v)
	}
}
