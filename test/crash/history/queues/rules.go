package queues

import (
	"time"

	"github.com/millrace/millrace/test/crash/history"
)

// counts: each delivery counts one more than the one before, but for those of
// which the answer was lost.
func (c *check) counts(m *message, place int) {
	before := 0 // a dead letter goes on from the count of its source
	if place == dead {
		before = -1
	}
	began := m.began()
	for i, d := range m.stays[place].deliveries {
		if i > 0 {
			p := m.stays[place].deliveries[i-1]
			if p.Count == d.Count || d.call.Ended < p.call.Began {
				c.Add(Miscounted, "%s was delivered as number %d after it had been number %d", m.id, min(p.Count, d.Count), max(p.Count, d.Count))
			}
			began = p.call.Began
		}
		if missing := d.Count - before - 1; before >= 0 && missing > 0 {
			if lost := c.without(place, began, d.call.Ended); missing > lost {
				c.Add(Miscounted, "%s was delivered as number %d after number %d, and %d answers were lost", m.id, d.Count, before, lost)
			}
		}
		before = d.Count
	}
}

// without returns how many receives have no answer that may have been carried out
// between two times.
func (c *check) without(place int, from, to time.Duration) (n int) {
	for _, r := range c.lost[place] {
		if r.Ended > from && r.Began < to {
			n++
		}
	}
	return n
}

// leases: nobody gets a message while another holds it.
func (c *check) leases(m *message, place int) {
	ds := m.stays[place].deliveries
	for i, d := range ds {
		for _, a := range d.acts {
			switch {
			case a.Delete || !a.maybe() || superseded(ds[i+1:], a.Began):
			case a.Outcome == history.Acknowledged && a.Ended < d.floor-slack:
				d.floor = a.Began + a.Visibility
			default:
				// It may not have been carried out, or have come when the lease was over.
				d.floor = min(d.floor, a.Began+a.Visibility)
			}
		}
		if i+1 < len(ds) && ds[i+1].call.Ended+slack < d.floor {
			n := ds[i+1]
			c.Add(Overlap, "%s was delivered as number %d, %v before number %d was over", m.id, n.Count, d.floor-n.call.Ended, d.Count)
		}
	}
}

// superseded reports whether a message was delivered anew before a time for sure,
// by which the handles from before are stale.
func superseded(later []*delivery, at time.Duration) bool {
	for _, d := range later {
		if d.call.Ended < at {
			return true
		}
	}
	return false
}

// mayBeStale reports whether a message may have been delivered anew, or set
// aside, before the end of an act by the handle of ds[i].
func (c *check) mayBeStale(ds []*delivery, i, place int, a *Act) bool {
	for _, d := range ds[i+1:] {
		if d.call.Began < a.Ended {
			return true
		}
	}
	return a.Ended >= ds[i].floor-slack && c.without(place, ds[i].floor-slack, a.Ended) > 0
}

// deletions calls f for every act that may have deleted the message, which
// superseded handles never do.
func (s *stay) deletions(f func(i int, a *Act)) {
	for i, d := range s.deliveries {
		for _, a := range d.acts {
			if a.Delete && a.maybe() && !superseded(s.deliveries[i+1:], a.Began) {
				f(i, a)
			}
		}
	}
}

// returns: what was deleted is not delivered again.
func (c *check) returns(m *message, place int) {
	s := &m.stays[place]
	s.deletions(func(i int, a *Act) {
		if a.Outcome != history.Acknowledged {
			return
		}
		if c.q.FIFO || c.q.Tells || !c.mayBeStale(s.deliveries, i, place, a) {
			for _, d := range s.deliveries {
				if d.call.Began > a.Ended {
					c.Add(Returned, "%s was delivered %v after its deletion", m.id, d.call.Began-a.Ended)
				}
			}
		}
		if ds := m.stays[dead].deliveries; place == source && len(ds) > 0 && (a.Ended < s.deliveries[i].floor-slack || c.q.Tells && ds[0].call.Began > a.Ended) {
			c.Add(Returned, "%s was deleted and is a dead letter", m.id)
		}
	})
}

// hasty: nothing is delivered before it was sent and its delay was over.
func (c *check) hasty(m *message) {
	for _, d := range m.stays[source].deliveries {
		if early := m.began() + m.sends[0].Delay - slack - d.call.Ended; early > 0 {
			c.Add(Hasty, "%s was delivered %v before its delay of %v was over", m.id, early, m.sends[0].Delay)
			return
		}
	}
}

// purged: nothing is delivered that was there before a purge.
func (c *check) purged(m *message) {
	for _, p := range c.q.Purges {
		if p.Outcome != history.Acknowledged || m.ended() >= p.Began {
			continue
		}
		for _, d := range m.stays[source].deliveries {
			if d.call.Began > p.Ended {
				c.Add(Returned, "%s was delivered %v after a purge", m.id, d.call.Began-p.Ended)
			}
		}
	}
}

// mayBePurged reports whether a purge that began before a time may have taken the
// message.
func (c *check) mayBePurged(m *message, at time.Duration) bool {
	for _, p := range c.q.Purges {
		if p.maybe() && p.Began < at && m.began() < p.Ended {
			return true
		}
	}
	return false
}

// burial: what was received too often is a dead letter, and is nowhere else then.
func (c *check) burial(m *message) {
	if c.q.MaxReceives == 0 {
		return
	}
	ds, buried := m.stays[source].deliveries, m.stays[dead].deliveries
	count := 0
	if len(ds) > 0 {
		count = ds[len(ds)-1].Count
	}
	if count > c.q.MaxReceives {
		c.Add(Buried, "%s was delivered %d times, more than %d", m.id, count, c.q.MaxReceives)
	}
	if len(buried) == 0 {
		return
	}
	first := buried[0].call
	if count+c.without(source, m.began(), first.Ended) < c.q.MaxReceives {
		c.Add(Buried, "%s is a dead letter after %d deliveries, less than %d", m.id, count, c.q.MaxReceives)
	}
	for i, d := range ds {
		if d.call.Began > first.Ended {
			c.Add(Returned, "%s was delivered by the source after it was a dead letter", m.id)
		}
		if i == len(ds)-1 && first.Ended+slack < d.floor {
			c.Add(Overlap, "%s was a dead letter %v before its last delivery was over", m.id, d.floor-first.Ended)
		}
	}
}

// loss: in the end all that was acknowledged, or was seen, has been deleted.
func (c *check) loss(m *message) {
	seen := len(m.stays[source].deliveries) + len(m.stays[dead].deliveries)
	if !c.q.Drained || seen == 0 && !m.acknowledged() || c.mayBePurged(m, forever) {
		return
	}
	deleted := false
	for place := range m.stays {
		m.stays[place].deletions(func(int, *Act) { deleted = true })
	}
	if !deleted {
		c.Add(history.Lost, "%s, acknowledged: %t, was delivered %d times and never deleted", m.id, m.acknowledged(), seen)
	}
}
