package kinesis

// QueueDepth is what a queue holds now, in records.
type QueueDepth struct {
	Account, Region, Queue string // the queue by its name
	Visible                int64  // that can be received
	InFlight               int64  // leased, dead letters too
	Dead                   int64  // dead letters that can be received
}

// QueueDepths yields what the queues in memory hold. It reads no rows, and costs a
// step for each record in flight or dead.
func (s *Service) QueueDepths(yield func(QueueDepth)) {
	for _, q := range s.allQueues() {
		if d, ok := q.depth(); ok {
			yield(d)
		}
	}
}

func (q *queue) depth() (d QueueDepth, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mem == nil {
		return d, false
	}
	d = QueueDepth{Account: q.key.account, Region: q.key.region, Queue: q.mem.desc.Name}
	now := q.svc.nowMillis()
	for _, sh := range q.mem.shards {
		due, dead := sh.live.Visible(now), sh.dead.Visible(now)
		d.Visible += due.Delivered + due.Waiting
		d.Dead += dead.Delivered
		d.InFlight += sh.live.Counts().Delivered - due.Delivered + sh.dead.Counts().Delivered - dead.Delivered
	}
	if look := q.sources.Load(); look != nil {
		for i := range look.shards {
			s := &look.shards[i]
			log, cursor := s.log.State(), q.mem.cursor(s.index)
			d.Visible += int64(log.Next - min(max(cursor, log.First), log.Next))
		}
	}
	return d, true
}
