package queues

import (
	"slices"
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

// ordered is a message in the order of its group.
type ordered struct {
	*message
	// goneFrom is the time from which the message may be out of the way.
	goneFrom time.Duration
}

// order: the numbers of a group's messages follow the order in which they were
// sent, and none is delivered while an earlier one is there, but with it and
// behind it.
func (c *check) order(place int) {
	groups := map[string][]ordered{}
	for _, m := range c.messages {
		if m.stays[place].sequence != "" {
			g := m.sends[0].Group
			groups[g] = append(groups[g], ordered{m, c.goneFrom(m, place)})
		}
	}
	at := map[*message]int{}
	for g, ms := range groups {
		slices.SortFunc(ms, func(a, b ordered) int {
			return history.Compare(a.stays[place].sequence, b.stays[place].sequence)
		})
		for i, m := range ms {
			at[m.message] = i
		}
		if place == source {
			c.sentInOrder(g, ms)
		}
	}
	if c.queue(place) == nil {
		return
	}
	for i := range c.queue(place).Receives {
		r := &c.queue(place).Receives[i]
		here := map[*message]int{} // places in this answer
		for j := range r.Messages {
			if m := c.byID[r.Messages[j].ID]; m != nil {
				here[m] = j
			}
		}
		for m, j := range here {
			for _, earlier := range groups[m.sends[0].Group][:at[m]] {
				k, together := here[earlier.message]
				switch {
				case together && k > j:
					c.Add(history.Unordered, "%s was delivered before %s in one answer", m.id, earlier.id)
				case !together && earlier.goneFrom > r.Ended:
					c.Add(history.Overtaken, "%s was delivered while %s of its group was there", m.id, earlier.id)
				}
			}
		}
	}
}

// goneFrom is the time from which a message may be deleted, purged or a dead
// letter.
func (c *check) goneFrom(m *message, place int) time.Duration {
	from := forever
	m.stays[place].deletions(func(_ int, a *Act) { from = min(from, a.Began) })
	if place == dead {
		return from
	}
	for _, p := range c.q.Purges {
		if p.maybe() && m.began() < p.Ended {
			from = min(from, p.Began)
		}
	}
	// It may be on its way to the dead letters.
	if c.q.MaxReceives > 0 {
		count, since, until := 0, m.began(), m.began()
		if ds := m.stays[source].deliveries; len(ds) > 0 {
			last := ds[len(ds)-1]
			count, since, until = last.Count, last.call.Began, last.floor-slack
		}
		if count+c.without(source, since, forever) >= c.q.MaxReceives {
			from = min(from, until)
		}
	}
	return from
}

// sentInOrder: no message has a number above one whose send began after its own
// had ended, and those of one call are numbered in the call's order.
func (c *check) sentInOrder(group string, ms []ordered) {
	var latest *message // the one so far whose send began last
	for _, m := range ms {
		if latest != nil {
			l, s := latest.sends[0], m.sends[0]
			oneCall := l.Writer == s.Writer && l.Began == s.Began && len(latest.sends)+len(m.sends) == 2
			if m.ended() < latest.began() || oneCall && s.N < l.N {
				c.Add(history.Unordered, "in group %s %s has a number above that of %s, which was sent after it", group, m.id, latest.id)
			}
		}
		if latest == nil || m.began() >= latest.began() {
			latest = m.message
		}
	}
}
