package sqs

import "time"

// Depth is what a queue holds now.
type Depth struct {
	Account, Region, Queue     string
	Visible, InFlight, Delayed int64
	// Oldest is the age of the oldest message, received or not; 0 where there is
	// none. Of messages in flight or delayed only those that are in memory count.
	Oldest time.Duration
	// Noisy is how many groups of a standard queue are noisy.
	Noisy int64
}

// Depths yields what the queues in memory hold. It reads no rows, and costs a
// step for each message in memory.
func (s *Service) Depths(yield func(Depth)) {
	for _, q := range s.all() {
		if d, ok := q.depth(); ok {
			yield(d)
		}
	}
}

func (q *queue) depth() (d Depth, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mem == nil {
		return d, false
	}
	now := q.svc.now()
	c := q.mem.order.counts(now)
	d = Depth{Account: q.key.account, Region: q.key.region, Queue: q.key.name, Visible: c.visible, InFlight: c.inFlight, Delayed: c.delayed}
	if seq, some := q.mem.order.oldest(); some && q.mem.meta.Messages > 0 {
		d.Oldest = time.Duration(max(now-sentAt(seq), 0)) * time.Millisecond
	}
	if s, ok := q.mem.order.(*standard); ok {
		d.Noisy = int64(len(s.fair.noisy))
	}
	return d, true
}

func (s *standard) oldest() (seq uint64, ok bool) {
	seq, ok = s.items.Lowest()
	if first, some := s.fair.oldestKnown(); some && (!ok || first < seq) {
		seq, ok = first, true
	}
	if s.m.meta.Fresh > 0 && (!ok || s.m.meta.Cursor < seq) {
		seq, ok = s.m.meta.Cursor, true
	}
	return seq, ok
}

func (f *fifo) oldest() (seq uint64, ok bool) {
	if p, some := f.directory.Head(); some {
		seq, ok = uint64(p.At), true
	}
	for id := range f.locked.Known() {
		if l := f.lanes.known[id]; l != nil && (!ok || l.head() < seq) {
			seq, ok = l.head(), true
		}
	}
	return seq, ok
}
