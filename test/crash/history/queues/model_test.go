package queues

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

// model is a queue, with its dead-letter queue, that keeps every promise, and the
// history that its clients note.
type model struct {
	rnd      *rand.Rand
	now      time.Duration
	q        *Queue
	messages []*modelled // in the order of their sequences
	dead     []*modelled
	handles  []held
	n        int
}

type modelled struct {
	send   Send
	at     time.Duration // when it can be had
	count  int
	handle string
}

type held struct {
	m      *modelled
	handle string
	q      *Queue
}

// call makes a call, which is carried out by f unless it gets lost before, and
// tells how it ended.
func (md *model) call(f func()) Call {
	c := Call{Began: md.now, Outcome: history.Acknowledged}
	md.now += time.Duration(1+md.rnd.IntN(10)) * time.Millisecond
	lost := md.rnd.IntN(30) == 0
	if !lost || md.rnd.IntN(2) == 0 {
		f()
	}
	if lost {
		c.Outcome = history.Unknown
	}
	md.now += time.Duration(1+md.rnd.IntN(10)) * time.Millisecond
	c.Ended = md.now
	return c
}

// build makes the history of a queue that breaks no promise.
func build(seed uint64, fifo bool) Queue {
	md := &model{rnd: rand.New(rand.NewPCG(seed, 1)), q: &Queue{Name: "q", FIFO: fifo, MaxReceives: 4, Dead: &Queue{Name: "dead", FIFO: fifo}}}
	for range 600 {
		switch md.rnd.IntN(7) {
		case 0, 1:
			md.send()
		case 2, 3:
			md.receive(md.q, &md.messages)
		case 4:
			md.receive(md.q.Dead, &md.dead)
		default:
			md.act(md.rnd.IntN(3) > 0)
		}
	}
	for len(md.messages)+len(md.dead) > 0 {
		md.now += 100 * time.Millisecond
		md.receive(md.q, &md.messages)
		md.receive(md.q.Dead, &md.dead)
		for range 20 {
			md.act(true)
		}
	}
	md.q.Drained = true
	return *md.q
}

func (md *model) send() {
	m := &modelled{}
	m.send = Send{ID: history.ID{Writer: 1, N: uint64(md.n)}, Group: "", MessageID: fmt.Sprint("m", md.n)}
	md.n++
	if md.q.FIFO {
		m.send.Group, m.send.Dedup, m.send.Sequence = fmt.Sprint("g", md.rnd.IntN(4)), fmt.Sprint("d", md.n), fmt.Sprint(1000+md.n)
	} else if md.rnd.IntN(4) == 0 {
		m.send.Delay = time.Second
	}
	there := false
	for {
		s := m.send
		s.Call = md.call(func() {
			if !there {
				m.at = md.now + m.send.Delay
				md.messages = append(md.messages, m)
				there = true
			}
		})
		if s.Outcome == history.Unknown {
			s.MessageID, s.Sequence = "", ""
		}
		md.q.Sends = append(md.q.Sends, s)
		if s.Outcome == history.Acknowledged || !md.q.FIFO {
			return
		}
	}
}

func (md *model) receive(q *Queue, from *[]*modelled) {
	r := Receive{Visibility: time.Duration(md.rnd.IntN(400)) * time.Millisecond}
	var got []held
	r.Call = md.call(func() {
		blocked := map[string]bool{}
		for _, m := range *from {
			blocked[m.send.Group] = blocked[m.send.Group] || q.FIFO && m.count > 0 && m.at > md.now
		}
		for _, m := range slices.Clone(*from) {
			switch {
			case blocked[m.send.Group] || m.at > md.now || len(r.Messages) == 5:
				blocked[m.send.Group] = blocked[m.send.Group] || q.FIFO
			case q == md.q && m.count == q.MaxReceives:
				*from = slices.DeleteFunc(*from, func(o *modelled) bool { return o == m })
				m.at = 0
				md.dead = append(md.dead, m)
			default:
				m.count++
				m.at = md.now + r.Visibility
				m.handle = fmt.Sprintf("%p-%d", m, m.count)
				r.Messages = append(r.Messages, Delivery{
					ID: m.send.ID, MessageID: m.send.MessageID, Sequence: m.send.Sequence, Group: m.send.Group, Handle: m.handle, Count: m.count,
				})
				got = append(got, held{m, m.handle, q})
			}
		}
	})
	if r.Outcome == history.Acknowledged {
		md.handles = append(md.handles, got...)
	} else {
		r.Messages = nil
	}
	q.Receives = append(q.Receives, r)
}

// act deletes or changes by some handle, often a stale one.
func (md *model) act(deletes bool) {
	if len(md.handles) == 0 {
		return
	}
	i := len(md.handles) - 1 - md.rnd.IntN(min(8, len(md.handles)))
	h := md.handles[i]
	a := Act{Handle: h.handle, Delete: deletes, Visibility: time.Duration(md.rnd.IntN(300)) * time.Millisecond}
	refused := false
	a.Call = md.call(func() {
		from := &md.messages
		if h.q != md.q {
			from = &md.dead
		}
		there := slices.Contains(*from, h.m)
		switch held := there && h.m.handle == h.handle; {
		case h.q.FIFO && there && (!held || h.m.at <= md.now):
			refused = true
		case held && deletes:
			*from = slices.DeleteFunc(*from, func(o *modelled) bool { return o == h.m })
		case held && h.m.at > md.now:
			h.m.at = md.now + a.Visibility
		}
	})
	if refused && a.Outcome == history.Acknowledged {
		a.Outcome = history.Refused
	}
	h.q.Acts = append(h.q.Acts, a)
}
