package kinesis

import (
	"sync"
	"time"
)

// meter finds the busiest second of a stream's writes. It is safe for concurrent
// use; the zero value has seen nothing.
type meter struct {
	mu     sync.Mutex
	second int64
	now    rate // of the running second
	peak   rate // since the last take
}

// rate is what is written in a second.
type rate struct {
	Bytes   int64 `json:"bytes"`
	Records int64 `json:"records"`
}

func (r rate) max(o rate) rate { return rate{max(r.Bytes, o.Bytes), max(r.Records, o.Records)} }

// share is the rate as a part of what n shards take (reference kinesis-streams §7).
func (r rate) share(n int) float64 {
	return max(float64(r.Bytes)/(mib*float64(n)), float64(r.Records)/(1000*float64(n)))
}

func (m *meter) add(now time.Time, bytes, records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := now.Unix(); s != m.second {
		m.second, m.now = s, rate{}
	}
	m.now.Bytes += int64(bytes)
	m.now.Records += int64(records)
	m.peak = m.peak.max(m.now)
}

// take returns the busiest second since the last take.
func (m *meter) take() rate {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.peak
	m.peak = rate{}
	return p
}
