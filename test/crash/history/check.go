package history

import (
	"bytes"
	"slices"
	"time"
)

// Check returns every promise that the stream breaks, a few of each kind. The
// stream must have been read whole, while nobody wrote.
func Check(s Stream) []Violation {
	f := NewFindings(s.Name)
	attempts := make(map[ID]*Attempt, len(s.Attempts))
	for i := range s.Attempts {
		a := &s.Attempts[i]
		if attempts[a.ID] != nil {
			panic("BUG: " + a.ID.String() + " was written twice")
		}
		attempts[a.ID] = a
	}
	f.checkNumbers(s)
	f.checkRecords(s, attempts)
	for _, sh := range s.Shards {
		f.checkOrder(sh, attempts)
	}
	f.checkLineage(s, attempts)
	f.cover(s.Shards)
	return f.Result()
}

// checkNumbers: no sequence number is given twice, to writers or in shards.
func (f *Findings) checkNumbers(s Stream) {
	given := make(map[string]ID, len(s.Attempts))
	for _, a := range s.Attempts {
		if a.Outcome != Acknowledged {
			continue
		}
		if other, ok := given[a.Sequence]; ok {
			f.Add(Reused, "%s was acknowledged to %s and to %s", a.Sequence, other, a.ID)
		}
		given[a.Sequence] = a.ID
	}
	stored := make(map[string]ID, len(s.Attempts))
	for _, sh := range s.Shards {
		for _, r := range sh.Records {
			if other, ok := stored[r.Sequence]; ok {
				f.Add(Reused, "%s is the number of %s and of %s", r.Sequence, other, r.ID)
			}
			stored[r.Sequence] = r.ID
			if other, ok := given[r.Sequence]; ok && other != r.ID {
				f.Add(Reused, "%s was acknowledged to %s and is the number of %s", r.Sequence, other, r.ID)
			}
		}
	}
}

// checkRecords: what is there, against what was told.
func (f *Findings) checkRecords(s Stream, attempts map[ID]*Attempt) {
	type place struct{ shard, sequence string }
	places := make(map[ID][]place, len(s.Attempts))
	for _, sh := range s.Shards {
		for _, r := range sh.Records {
			if r.Damaged != "" {
				f.Add(Damage, "%s at %s in %s: %s", r.ID, r.Sequence, sh.ID, r.Damaged)
				continue
			}
			a := attempts[r.ID]
			if a == nil {
				f.Add(Foreign, "%s at %s in %s", r.ID, r.Sequence, sh.ID)
				continue
			}
			if r.Key != a.Key {
				f.Add(Damage, "%s at %s has key %q, written with %q", r.ID, r.Sequence, r.Key, a.Key)
			}
			if !sh.Contains(a.Hash) {
				f.Add(Misplaced, "%s with hash %x is in %s, from %x to %x", r.ID, a.Hash, sh.ID, sh.Start, sh.End)
			}
			places[r.ID] = append(places[r.ID], place{sh.ID, r.Sequence})
		}
	}
	for i := range s.Attempts {
		a := &s.Attempts[i]
		at := places[a.ID]
		switch {
		case a.Outcome == Refused && len(at) > 0:
			f.Add(Refusal, "%s was refused and is at %s", a.ID, at[0].sequence)
		case len(at) > 1:
			f.Add(Duplicated, "%s, %s, is there %d times, at %s and %s", a.ID, a.Outcome, len(at), at[0].sequence, at[1].sequence)
		}
		if a.Outcome != Acknowledged {
			continue
		}
		switch {
		case len(at) == 0:
			f.Add(Lost, "%s, acknowledged at %s in %s", a.ID, a.Sequence, a.Shard)
		case !slices.Contains(at, place{a.Shard, a.Sequence}):
			f.Add(Moved, "%s, acknowledged at %s in %s, is at %s in %s", a.ID, a.Sequence, a.Shard, at[0].sequence, at[0].shard)
		}
	}
}

// Contains reports whether a hash is in the shard's range.
func (sh *Shard) Contains(h Hash) bool {
	return bytes.Compare(sh.Start[:], h[:]) <= 0 && bytes.Compare(h[:], sh.End[:]) <= 0
}

// forever is the end of a call whose outcome is unknown.
const forever = time.Duration(1<<63 - 1)

func (a *Attempt) ended() time.Duration {
	if a.Outcome == Unknown {
		return forever
	}
	return a.Ended
}

// checkOrder: numbers and arrivals increase, and no record stands behind one
// whose call began after its own had ended.
func (f *Findings) checkOrder(sh Shard, attempts map[ID]*Attempt) {
	var latest *Attempt // the one so far whose call began last
	for i, r := range sh.Records {
		if i > 0 {
			before := sh.Records[i-1]
			if Compare(before.Sequence, r.Sequence) >= 0 {
				f.Add(Unordered, "in %s %s at %s is followed by %s at %s", sh.ID, before.ID, before.Sequence, r.ID, r.Sequence)
			}
			if r.Arrival.Before(before.Arrival) {
				f.Add(Unordered, "in %s %s arrived at %v and then %s at %v", sh.ID, before.ID, before.Arrival, r.ID, r.Arrival)
			}
		}
		if sh.First != "" && Compare(r.Sequence, sh.First) <= 0 || sh.Last != "" && Compare(r.Sequence, sh.Last) > 0 {
			f.Add(Unordered, "%s at %s is outside the range of %s, %s to %s", r.ID, r.Sequence, sh.ID, sh.First, sh.Last)
		}
		a := attempts[r.ID]
		if a == nil {
			continue
		}
		if latest != nil && a.ended() < latest.Began {
			f.Add(Overtaken, "in %s %s stands behind %s, whose call began %v after its own had ended", sh.ID, a.ID, latest.ID, latest.Began-a.Ended)
		}
		if latest == nil || a.Began > latest.Began {
			latest = a
		}
	}
}

// extent is what lineage needs to know of a shard that has records.
type extent struct {
	first, last Stored   // by number
	began       *Attempt // whose call began last
	ended       *Attempt // whose call ended first
}

func extentOf(sh *Shard, attempts map[ID]*Attempt) *extent {
	if len(sh.Records) == 0 {
		return nil
	}
	e := &extent{first: sh.Records[0], last: sh.Records[0]}
	for _, r := range sh.Records {
		if Compare(r.Sequence, e.first.Sequence) < 0 {
			e.first = r
		}
		if Compare(r.Sequence, e.last.Sequence) > 0 {
			e.last = r
		}
		a := attempts[r.ID]
		if a == nil {
			continue
		}
		if e.began == nil || a.Began > e.began.Began {
			e.began = a
		}
		if e.ended == nil || a.ended() < e.ended.ended() {
			e.ended = a
		}
	}
	return e
}

// checkLineage: every number of a shard is above all numbers of its ancestors,
// and nothing was written to a shard after a record of a descendant had been
// acknowledged.
func (f *Findings) checkLineage(s Stream, attempts map[ID]*Attempt) {
	shards := make(map[string]*Shard, len(s.Shards))
	extents := make(map[string]*extent, len(s.Shards))
	for i := range s.Shards {
		sh := &s.Shards[i]
		shards[sh.ID], extents[sh.ID] = sh, extentOf(sh, attempts)
	}
	for i := range s.Shards {
		child := &s.Shards[i]
		young := extents[child.ID]
		if young == nil {
			continue
		}
		for _, parent := range ancestors(shards, child) {
			old := extents[parent.ID]
			if old == nil {
				continue
			}
			if Compare(old.last.Sequence, young.first.Sequence) >= 0 {
				f.Add(Lineage, "%s at %s in %s is not below %s at %s in its descendant %s",
					old.last.ID, old.last.Sequence, parent.ID, young.first.ID, young.first.Sequence, child.ID)
			}
			if old.began != nil && young.ended != nil && old.began.Began > young.ended.ended() {
				f.Add(Lineage, "%s was written to %s after its descendant %s had taken %s", old.began.ID, parent.ID, child.ID, young.ended.ID)
			}
		}
	}
}

// ancestors returns the parents of a shard, their parents and so on.
func ancestors(shards map[string]*Shard, sh *Shard) []*Shard {
	var all []*Shard
	seen := map[string]bool{sh.ID: true}
	for left := sh.Parents; len(left) > 0; left = left[1:] {
		p := shards[left[0]]
		if p == nil || seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		all = append(all, p)
		left = append(slices.Clone(left), p.Parents...)
	}
	return all
}

// Compare orders sequence numbers, which are decimal numbers of any length.
func Compare(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare([]byte(a), []byte(b))
}
