package kinesis

import (
	"sync"
	"time"
)

const mib = 1 << 20

// bucket is a token bucket that holds what one second brings. Its level may go
// below zero by one request that found it positive (a record of up to 10 MiB in
// a bucket of 1 MiB). A bucket of rate 0 does not limit. It is safe for concurrent
// use.
type bucket struct {
	rate float64 // tokens per second

	mu    sync.Mutex
	level float64
	at    time.Time
}

func newBucket(rate float64) bucket { return bucket{rate: rate, level: rate} }

// take removes n tokens if there are enough, or if the bucket is full and n is
// more than it can ever hold.
func (b *bucket) take(now time.Time, n float64) bool {
	if b.rate == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.level < min(n, b.rate) {
		return false
	}
	b.level -= n
	return true
}

// spend removes n tokens whatever the level, for what is known only afterwards.
func (b *bucket) spend(now time.Time, n float64) {
	if b.rate == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.level -= n
}

// ready reports whether the level is positive, and if not, after how long it is.
func (b *bucket) ready(now time.Time) (bool, time.Duration) {
	if b.rate == 0 {
		return true, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.level > 0 {
		return true, 0
	}
	return false, time.Duration((1-b.level)/b.rate*float64(time.Second)) + time.Millisecond
}

// put gives back n tokens that were taken for something that did not happen.
func (b *bucket) put(n float64) {
	if b.rate == 0 {
		return
	}
	b.mu.Lock()
	b.level = min(b.level+n, b.rate)
	b.mu.Unlock()
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		if !b.at.IsZero() {
			b.level = min(b.level+b.rate*passed.Seconds(), b.rate)
		}
		b.at = now
	} else if passed < -time.Second {
		b.at = now // the clock went back
	}
}
