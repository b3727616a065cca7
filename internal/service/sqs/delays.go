package sqs

// delays counts the messages of a FIFO queue that are delayed still, by the
// second in which they were sent. It is in memory alone: after a restart it knows
// of later messages only, for at most the 15 minutes that a delay can last.
type delays map[int64]int64

func (d delays) sent(now int64) { d[now/1000]++ }

// count returns the messages that were sent within a delay, in seconds, and
// forgets the others.
func (d delays) count(now, delay int64) (n int64) {
	for second, sent := range d {
		if second+delay <= now/1000 {
			delete(d, second)
			continue
		}
		n += sent
	}
	return n
}
