package history

import (
	"bytes"
	"slices"
)

// Cover returns where the open shards leave a gap in the hash space or overlap.
func Cover(stream string, shards []Shard) []Violation {
	f := NewFindings(stream)
	f.cover(shards)
	return f.Result()
}

func (f *Findings) cover(shards []Shard) {
	var open []Shard
	for _, sh := range shards {
		if sh.Open {
			open = append(open, sh)
		}
	}
	slices.SortFunc(open, func(a, b Shard) int { return bytes.Compare(a.Start[:], b.Start[:]) })
	var next Hash // the first that is not covered yet
	whole := false
	for _, sh := range open {
		switch {
		case whole || bytes.Compare(sh.Start[:], next[:]) < 0:
			f.Add(Uncovered, "%s, from %x, overlaps another open shard", sh.ID, sh.Start)
		case sh.Start != next:
			f.Add(Uncovered, "no open shard takes %x to %x", next, sh.Start)
		}
		next = sh.End
		whole = next.increment()
	}
	if !whole {
		f.Add(Uncovered, "no open shard takes %x and what follows", next)
	}
}

// increment adds one and reports whether that passes the end of the space.
func (h *Hash) increment() bool {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i]++; h[i] != 0 {
			return false
		}
	}
	return true
}

// Same compares two readings of a stream, the second a later one, between which
// nobody wrote to the shards that are given: what was there is there still, and
// nothing has come.
func Same(stream string, before, after []Shard) []Violation {
	f := NewFindings(stream)
	f.compare(before, after, true)
	return f.Result()
}

// Kept is Same where records may have been added.
func Kept(stream string, before, after []Shard) []Violation {
	f := NewFindings(stream)
	f.compare(before, after, false)
	return f.Result()
}

func (f *Findings) compare(before, after []Shard, exact bool) {
	later := make(map[string]Shard, len(after))
	for _, sh := range after {
		later[sh.ID] = sh
	}
	for _, was := range before {
		is, ok := later[was.ID]
		if !ok {
			f.Add(Forgotten, "shard %s is not listed any more", was.ID)
			continue
		}
		n := min(len(was.Records), len(is.Records))
		for i := range n {
			if was.Records[i] != is.Records[i] {
				f.Add(Forgotten, "the %d-th record of %s was %s at %s and is now %s at %s", i+1, was.ID,
					was.Records[i].ID, was.Records[i].Sequence, is.Records[i].ID, is.Records[i].Sequence)
				break
			}
		}
		if n < len(was.Records) {
			f.Add(Forgotten, "%s had %d records and has %d", was.ID, len(was.Records), n)
		}
		if exact && n < len(is.Records) {
			f.Add(Appeared, "%s had %d records and has %d, though nobody wrote", was.ID, n, len(is.Records))
		}
	}
}
