package consumer

import "maps"

// Progress is how far a shard was read.
type Progress struct {
	Position
	// Ended: the shard is closed and all of it was handed over.
	Ended bool `json:"ended,omitempty"`
}

// State is where a Follower stands: a Progress for each shard that it reads or
// has read to the end. It can be kept as JSON and given to a later run.
type State map[string]Progress

// lineage decides when a shard may be read. It is not safe for concurrent use.
type lineage struct {
	state State
}

// begin notes that a shard is read from a position.
func (l *lineage) begin(shard string, at Position) { l.state[shard] = Progress{Position: at} }

// advance notes how far a shard was read.
func (l *lineage) advance(shard string, to Position) { l.state[shard] = Progress{Position: to} }

// end notes that a shard was read to its end, and returns those of its children
// that may be read now, from their beginning: all of their parents have ended.
func (l *lineage) end(shard string, children []Shard) (ready []Shard) {
	p := l.state[shard]
	p.Ended = true
	l.state[shard] = p
	for _, c := range children {
		if _, known := l.state[c.ID]; known || !l.allEnded(c.Parents) {
			continue
		}
		l.begin(c.ID, TrimHorizon())
		ready = append(ready, c)
	}
	return ready
}

// allEnded reports whether every parent was read to its end. One that is not
// known is a descendant of a shard that is being read still.
func (l *lineage) allEnded(parents []string) bool {
	for _, p := range parents {
		if !l.state[p].Ended {
			return false
		}
	}
	return true
}

func (l *lineage) snapshot() State { return maps.Clone(l.state) }
