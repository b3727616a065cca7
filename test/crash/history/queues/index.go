package queues

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

// message is one message, from all attempts to send it on.
type message struct {
	id    history.ID // of the attempt that was delivered, or else of the first
	sends []*Send
	// stays are its lives in the queue and in the dead-letter queue.
	stays [2]stay
}

// Places of a message.
const (
	source = 0
	dead   = 1
)

// stay is what is known of a message in one queue.
type stay struct {
	deliveries []*delivery // by count
	sequence   string      // of a FIFO queue; "" where nobody was told
}

// delivery is one delivery with what was done by its handle.
type delivery struct {
	*Delivery
	call *Receive
	at   int // place in the answer
	acts []*Act
	// floor is the time until which nobody else can have got the message.
	floor time.Duration
}

// check is the work on one queue and its dead-letter queue.
type check struct {
	*history.Findings
	q        *Queue
	messages []*message
	byID     map[history.ID]*message
	lost     [2][]*Receive // receives without an answer, by their beginning
	all      []*delivery
}

// Check returns every promise that the queue breaks, a few of each kind.
func Check(q Queue) []history.Violation {
	c := &check{Findings: history.NewFindings(q.Name), q: &q, byID: map[history.ID]*message{}}
	c.sends()
	c.deliveries(source, &q)
	if q.Dead != nil {
		c.deliveries(dead, q.Dead)
	}
	c.identities()
	for _, m := range c.messages {
		for place := range m.stays {
			c.counts(m, place)
			c.leases(m, place)
			c.returns(m, place)
		}
		c.hasty(m)
		c.purged(m)
		c.burial(m)
		c.loss(m)
	}
	if q.FIFO {
		c.order(source)
		c.order(dead)
	}
	return c.Result()
}

// queue is the one of a place.
func (c *check) queue(place int) *Queue {
	if place == dead {
		return c.q.Dead
	}
	return c.q
}

// sends gathers the attempts to send each message.
func (c *check) sends() {
	byDedup := map[string]*message{}
	for i := range c.q.Sends {
		s := &c.q.Sends[i]
		m := c.byID[s.ID]
		if s.Dedup != "" {
			if m != nil && m != byDedup[s.Dedup] {
				panic("BUG: " + s.ID.String() + " was sent under two deduplication ids")
			}
			m = byDedup[s.Dedup]
		} else if m != nil {
			panic("BUG: " + s.ID.String() + " was sent twice")
		}
		if m == nil {
			m = &message{id: s.ID}
			c.messages = append(c.messages, m)
			if s.Dedup != "" {
				byDedup[s.Dedup] = m
			}
		}
		m.sends = append(m.sends, s)
		c.byID[s.ID] = m
	}
}

// deliveries gathers what was delivered at a place, and what was done with it.
func (c *check) deliveries(place int, q *Queue) {
	byHandle := map[string]*delivery{}
	for i := range q.Receives {
		r := &q.Receives[i]
		if r.Outcome == history.Unknown {
			c.lost[place] = append(c.lost[place], r)
		}
		for j := range r.Messages {
			d := &delivery{Delivery: &r.Messages[j], call: r, at: j, floor: r.Began + r.Visibility}
			m := c.byID[d.ID]
			switch {
			case d.Damaged != "":
				c.Add(history.Damage, "%s: %s", d.ID, d.Damaged)
				continue
			case m == nil:
				c.Add(history.Foreign, "%s", d.ID)
				continue
			case byHandle[d.Handle] != nil:
				c.Add(history.Reused, "the handle of %s was given to %s too", byHandle[d.Handle].ID, d.ID)
			case d.Group != m.sends[0].Group:
				c.Add(history.Damage, "%s has group %q, sent to %q", d.ID, d.Group, m.sends[0].Group)
			}
			byHandle[d.Handle] = d
			m.stays[place].deliveries = append(m.stays[place].deliveries, d)
			c.all = append(c.all, d)
		}
	}
	for i := range q.Acts {
		a := &q.Acts[i]
		d := byHandle[a.Handle]
		if d == nil {
			panic(fmt.Sprintf("BUG: a handle that was not delivered: %q", a.Handle))
		}
		d.acts = append(d.acts, a)
	}
	for _, m := range c.messages {
		slices.SortStableFunc(m.stays[place].deliveries, func(a, b *delivery) int {
			return cmp.Or(cmp.Compare(a.Count, b.Count), cmp.Compare(a.call.Began, b.call.Began))
		})
	}
}

// identities: what a message is called is the same to all and is given to no
// other, and of the sends of one deduplication id one is accepted.
func (c *check) identities() {
	ids, sequences := map[string]*message{}, [2]map[string]*message{{}, {}}
	for _, m := range c.messages {
		var id string
		is := func(what string, given *string, value string, taken map[string]*message) {
			if value == "" {
				return
			}
			if *given != "" && *given != value {
				c.Add(history.Duplicated, "%s has the %s %s and %s", m.id, what, *given, value)
			}
			if o := taken[value]; o != nil && o != m {
				c.Add(history.Reused, "the %s %s is of %s and of %s", what, value, o.id, m.id)
			}
			*given, taken[value] = value, m
		}
		for _, s := range m.sends {
			if s.Outcome == history.Acknowledged {
				is("message id", &id, s.MessageID, ids)
				is("sequence number", &m.stays[source].sequence, s.Sequence, sequences[source])
			}
		}
		first := true
		for place := range m.stays {
			for _, d := range m.stays[place].deliveries {
				is("message id", &id, d.MessageID, ids)
				is("sequence number", &m.stays[place].sequence, d.Sequence, sequences[place])
				if !first && d.ID != m.id {
					c.Add(history.Duplicated, "%s and %s were both accepted under one deduplication id", m.id, d.ID)
				}
				m.id, first = d.ID, false
			}
		}
		if !first && !slices.ContainsFunc(m.sends, func(s *Send) bool { return s.ID == m.id && s.maybe() }) {
			c.Add(history.Refusal, "%s was refused and is delivered", m.id)
		}
	}
}

// began is when the message was sent at the earliest, and ended when it was there
// for sure: forever where nobody was told.
func (m *message) began() time.Duration {
	at := forever
	for _, s := range m.sends {
		if s.maybe() {
			at = min(at, s.Began)
		}
	}
	return at
}

func (m *message) ended() time.Duration {
	at := forever
	for _, s := range m.sends {
		if s.Outcome == history.Acknowledged {
			at = min(at, s.Ended)
		}
	}
	return at
}

// acknowledged reports whether a sender was told that the message is there.
func (m *message) acknowledged() bool { return m.ended() < forever }

const forever = time.Duration(1<<63 - 1)
