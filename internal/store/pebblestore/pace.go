package pebblestore

import (
	"time"

	"github.com/millrace/millrace/internal/base/clock"
)

// pace slows writes down while compactions fall behind. Every flush lays one more
// layer (sublevel) over level 0 where all logs are written at once, compactions
// take layers away, and without a bound thousands of shards at full speed leave
// gigabytes of them: reads look into each, and the next start has them to clear up
// beside its load. The more layers there are, the slower writes become, so that
// they settle at the speed of the compactions instead of stopping for seconds.
//
// It is used by one goroutine.
type pace struct {
	clock     clock.Clock
	closing   <-chan struct{}
	sublevels func() int

	written int     // bytes since level 0 was looked at
	rate    float64 // bytes per second that may be written; 0: any
}

const (
	// paceLook is how much is written between two looks at level 0: a fraction of
	// a memtable, which is what adds a layer.
	paceLook = 4 << 20
	// paceLow layers are no hindrance, a gigabyte of bursts. At paceHigh
	// writes are as slow as they get.
	paceLow, paceHigh = 32, 96
	// paceFastest is the speed at paceLow, from where on it falls evenly to
	// paceSlowest, which any disk's compactions keep up with. Bytes per second.
	paceFastest, paceSlowest = 160e6, 8e6
)

// paceRate is the speed of writing at so many layers; 0 is any.
func paceRate(sublevels int) float64 {
	switch {
	case sublevels <= paceLow:
		return 0
	case sublevels >= paceHigh:
		return paceSlowest
	}
	return paceFastest - (paceFastest-paceSlowest)*float64(sublevels-paceLow)/(paceHigh-paceLow)
}

// wait waits as long as the bytes that are written next have to.
func (p *pace) wait(bytes int) {
	p.written += bytes
	if p.written >= paceLook || p.rate > 0 {
		p.rate, p.written = paceRate(p.sublevels()), 0
	}
	if p.rate == 0 {
		return
	}
	t := p.clock.NewTimer(time.Duration(float64(bytes) / p.rate * float64(time.Second)))
	defer t.Stop()
	select {
	case <-t.C():
	case <-p.closing:
	}
}
