package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// build makes a history that breaks no promise: shard a took records, was split
// into b and c, and those took more; some attempts were refused, and some of
// unknown outcome are there and some are not.
func build(seed uint64) Stream {
	rnd := rand.New(rand.NewPCG(seed, 1))
	half := Hash{0x80}
	belowHalf := Hash{0x7f}
	top := Hash{}
	for i := range top {
		top[i] = 0xff
		if i > 0 {
			belowHalf[i] = 0xff
		}
	}
	s := Stream{Name: "s", Shards: []Shard{
		{ID: "a", End: top},
		{ID: "b", Parents: []string{"a"}, End: belowHalf, Open: true},
		{ID: "c", Parents: []string{"a"}, Start: half, End: top, Open: true},
	}}
	now, next := time.Duration(0), uint64(100)
	for n := range uint64(60) {
		id := ID{uint32(n % 3), n / 3}
		a := Attempt{ID: id, Key: fmt.Sprint("key", n), Hash: Hash{byte(rnd.Uint32())}, Began: now, Ended: now + 5}
		now += 3 // calls overlap
		if n == 20 {
			now += 10 // the split lets no call overlap it
		}
		sh := &s.Shards[0]
		if n > 20 {
			if sh = &s.Shards[1]; a.Hash[0] >= 0x80 {
				sh = &s.Shards[2]
			}
		}
		a.Outcome = Outcome(rnd.IntN(3))
		if a.Outcome == Acknowledged || a.Outcome == Unknown && rnd.IntN(2) == 0 {
			sequence := fmt.Sprint(next)
			next += 1 + rnd.Uint64N(90)
			sh.Records = append(sh.Records, Stored{ID: id, Key: a.Key, Sequence: sequence, Arrival: epoch.Add(time.Duration(n) * time.Millisecond)})
			if a.Outcome == Acknowledged {
				a.Shard, a.Sequence = sh.ID, sequence
			}
		}
		s.Attempts = append(s.Attempts, a)
	}
	return s
}

func TestSoundHistoriesPass(t *testing.T) {
	for seed := range uint64(200) {
		if v := Check(build(seed)); len(v) > 0 {
			t.Fatalf("seed %d: %v", seed, v)
		}
	}
}

// find returns the place of the n-th stored record whose attempt had the outcome.
func find(s *Stream, o Outcome, n int) (sh *Shard, i int, a *Attempt) {
	for k := range s.Attempts {
		a := &s.Attempts[k]
		if a.Outcome != o {
			continue
		}
		for j := range s.Shards {
			sh := &s.Shards[j]
			if i := slices.IndexFunc(sh.Records, func(r Stored) bool { return r.ID == a.ID }); i >= 0 {
				if n--; n < 0 {
					return sh, i, a
				}
			}
		}
	}
	panic("no such record")
}

func TestPlantedFaultsAreFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		plant func(s *Stream)
		want  Rule
	}{
		{"acknowledged record lost", func(s *Stream) {
			sh, i, _ := find(s, Acknowledged, 3)
			sh.Records = slices.Delete(sh.Records, i, i+1)
		}, Lost},
		{"last acknowledged record lost", func(s *Stream) {
			sh := &s.Shards[1]
			i := len(sh.Records) - 1
			for ; i >= 0; i-- {
				if slices.ContainsFunc(s.Attempts, func(a Attempt) bool { return a.ID == sh.Records[i].ID && a.Outcome == Acknowledged }) {
					break
				}
			}
			sh.Records = sh.Records[:i]
		}, Lost},
		{"acknowledged record twice", func(s *Stream) {
			sh, i, _ := find(s, Acknowledged, 0)
			again := sh.Records[i]
			again.Sequence += "9"
			sh.Records = append(sh.Records, again)
		}, Duplicated},
		{"record of unknown outcome twice", func(s *Stream) {
			sh, i, _ := find(s, Unknown, 0)
			again := sh.Records[i]
			again.Sequence += "9"
			sh.Records = append(sh.Records, again)
		}, Duplicated},
		{"record in another shard", func(s *Stream) {
			sh, i, _ := find(s, Acknowledged, 0)
			r := sh.Records[i]
			sh.Records = slices.Delete(sh.Records, i, i+1)
			s.Shards[1].Records = slices.Insert(s.Shards[1].Records, 0, r)
		}, Moved},
		{"record at another number", func(s *Stream) {
			sh, i, _ := find(s, Acknowledged, 2)
			sh.Records[i].Sequence += "0"
		}, Moved},
		{"refused record there", func(s *Stream) {
			_, _, a := find(s, Unknown, 0)
			a.Outcome = Refused
		}, Refusal},
		{"record of nobody", func(s *Stream) { s.Shards[1].Records[0].Writer = 99 }, Foreign},
		{"bytes changed", func(s *Stream) { s.Shards[1].Records[0].Damaged = "not the bytes" }, Damage},
		{"key changed", func(s *Stream) { s.Shards[1].Records[0].Key = "other" }, Damage},
		{"number acknowledged twice", func(s *Stream) {
			_, _, a := find(s, Acknowledged, 0)
			_, _, b := find(s, Acknowledged, 1)
			a.Sequence = b.Sequence
		}, Reused},
		{"number given twice", func(s *Stream) {
			r := s.Shards[0].Records
			r[len(r)-1].Sequence = r[0].Sequence
		}, Reused},
		{"number of a lost record given again", func(s *Stream) {
			sh, i, _ := find(s, Unknown, 0)
			_, _, a := find(s, Acknowledged, 0)
			a.Sequence = sh.Records[i].Sequence
		}, Reused},
		{"two neighbours exchanged", func(s *Stream) {
			r := s.Shards[0].Records
			r[0], r[1] = r[1], r[0]
		}, Unordered},
		{"arrival goes back", func(s *Stream) {
			r := s.Shards[0].Records
			r[len(r)-1].Arrival = epoch.Add(-time.Hour)
		}, Unordered},
		{"number below its shard's range", func(s *Stream) { s.Shards[1].First = "999999" }, Unordered},
		{"number above its shard's range", func(s *Stream) { s.Shards[0].Last = "100" }, Unordered},
		{"order against time", func(s *Stream) {
			r := s.Shards[0].Records
			first, last := r[0], r[len(r)-1]
			r[0].ID, r[0].Key = last.ID, last.Key
			r[len(r)-1].ID, r[len(r)-1].Key = first.ID, first.Key
		}, Overtaken},
		{"child numbered below its parent", func(s *Stream) { s.Shards[2].Records[0].Sequence = "7" }, Lineage},
		{"parent written after its child", func(s *Stream) {
			_, _, a := find(s, Acknowledged, 0)
			a.Began, a.Ended = 1e6, 1e6+1
		}, Lineage},
		{"record outside its shard's range", func(s *Stream) {
			b := &s.Shards[1]
			for i := range s.Attempts {
				if s.Attempts[i].ID == b.Records[0].ID {
					s.Attempts[i].Hash[0] = 0xf0
				}
			}
		}, Misplaced},
		{"gap between open shards", func(s *Stream) { s.Shards[2].Start[15] = 1 }, Uncovered},
		{"gap at the end", func(s *Stream) { s.Shards[2].End[15] = 0xfe }, Uncovered},
		{"overlap of open shards", func(s *Stream) { s.Shards[2].Start = Hash{0x7f} }, Uncovered},
		{"parent open beside its children", func(s *Stream) { s.Shards[0].Open = true }, Uncovered},
		{"no open shard", func(s *Stream) { s.Shards[1].Open, s.Shards[2].Open = false, false }, Uncovered},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := build(7)
			c.plant(&s)
			v := Check(s)
			if !slices.ContainsFunc(v, func(v Violation) bool { return v.Rule == c.want }) {
				t.Errorf("found %v, want %q", v, c.want)
			}
		})
	}
}

func TestReadingsAreCompared(t *testing.T) {
	was := build(7).Shards
	for _, c := range []struct {
		name       string
		change     func(s []Shard)
		same, kept Rule
	}{
		{"nothing", func([]Shard) {}, "", ""},
		{"a record came", func(s []Shard) { s[1].Records = append(s[1].Records, Stored{Sequence: "99999"}) }, Appeared, ""},
		{"a record went", func(s []Shard) { s[1].Records = s[1].Records[:1] }, Forgotten, Forgotten},
		{"a record changed", func(s []Shard) { s[1].Records[0].Sequence = "1" }, Forgotten, Forgotten},
		{"a shard went", func(s []Shard) { s[1].ID = "other" }, Forgotten, Forgotten},
	} {
		is := build(7).Shards
		c.change(is)
		for _, got := range []struct {
			v    []Violation
			want Rule
		}{{Same("s", was, is), c.same}, {Kept("s", was, is), c.kept}} {
			if got.want == "" && len(got.v) > 0 || got.want != "" && (len(got.v) == 0 || got.v[0].Rule != got.want) {
				t.Errorf("%s: found %v, want %q", c.name, got.v, got.want)
			}
		}
	}
}

func TestManyViolationsAreCounted(t *testing.T) {
	s := build(7)
	for i := range s.Shards {
		s.Shards[i].Records = nil
	}
	v := Check(s)
	lost := 0
	for _, v := range v {
		if v.Rule == Lost {
			lost++
		}
	}
	if lost != maxPerRule+1 || !strings.Contains(fmt.Sprint(v), " more") {
		t.Errorf("found %v", v)
	}
}

func TestPayload(t *testing.T) {
	for _, size := range []int{0, 16, 17, 24, 25, 1000} {
		id := ID{7, 1 << 40}
		b := Payload(id, size)
		if got, err := ParsePayload(b); got != id || err != nil || len(b) != max(size, MinPayload) {
			t.Errorf("size %d: %v %v", size, got, err)
		}
		for i := 0; i < len(b); i++ {
			b[i] ^= 4
			if _, err := ParsePayload(b); err == nil {
				t.Errorf("size %d: byte %d changed unnoticed", size, i)
			}
			b[i] ^= 4
		}
	}
	if _, err := ParsePayload([]byte("short")); err == nil {
		t.Error("a short payload was read")
	}
}

func TestCompare(t *testing.T) {
	sorted := []string{"0", "7", "10", "99", "100"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := Compare(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
		}
	}
}
