// Package history judges what a stream keeps by what its writers were told.
//
// Writers note every attempt to put a record and its outcome; a reader notes
// what the stream holds. Check then finds every way in which the two do not fit:
// the promise is that an acknowledged record is there once, in its shard, at its
// sequence number, in order; that one of unknown outcome is there at most once;
// that a refused one is not there; and that no sequence number is given twice.
//
// The package is pure: it does no I/O and keeps no state. Its functions may be
// called from any goroutine with values that nobody changes meanwhile.
package history

import (
	"fmt"
	"time"
)

// ID names a record: who wrote it, and as the how manieth.
type ID struct {
	Writer uint32
	N      uint64
}

func (id ID) String() string { return fmt.Sprintf("writer %d record %d", id.Writer, id.N) }

// Outcome is what a writer knows of its attempt.
type Outcome uint8

const (
	// Unknown: the connection broke before an answer came.
	Unknown Outcome = iota
	// Acknowledged: the answer has the shard and the sequence number.
	Acknowledged
	// Refused: the answer is an error.
	Refused
)

func (o Outcome) String() string { return [...]string{"unknown", "acknowledged", "refused"}[o] }

// Hash is a place in the hash space, big-endian.
type Hash [16]byte

// Attempt is one record that a writer tried to put.
type Attempt struct {
	ID
	Key  string // partition key
	Hash Hash   // of the key, or the explicit one
	// Began and Ended bound the call, on one monotonic clock of all writers.
	Began, Ended    time.Duration
	Outcome         Outcome
	Shard, Sequence string // of an acknowledged record
}

// Stored is one record as it was read.
type Stored struct {
	ID
	Key, Sequence string
	Arrival       time.Time
	// Damaged says what is wrong with the contents; "" means nothing.
	Damaged string
}

// Shard is one shard as it was listed, with its records as they were read.
type Shard struct {
	ID         string
	Parents    []string
	Start, End Hash // both inclusive
	Open       bool
	// First and Last bound the shard's sequence numbers; "" does not.
	First, Last string
	Records     []Stored
}

// Stream is all that is known of one stream, from its creation on.
type Stream struct {
	Name     string
	Attempts []Attempt
	Shards   []Shard
}

// Rule is a promise that can be broken.
type Rule string

// The rules.
const (
	Lost       Rule = "lost"       // acknowledged, and not there
	Duplicated Rule = "duplicated" // there more than once
	Moved      Rule = "moved"      // not in the shard or at the number that was acknowledged
	Refusal    Rule = "refused"    // refused, and there
	Foreign    Rule = "foreign"    // there, and nobody wrote it
	Damage     Rule = "damaged"    // not the bytes or the key that were written
	Reused     Rule = "reused"     // a sequence number given twice
	Unordered  Rule = "unordered"  // numbers or arrivals do not increase in a shard
	Overtaken  Rule = "overtaken"  // stands before a record whose call had ended when its own began
	Lineage    Rule = "lineage"    // a child's number is not above its parents' numbers
	Misplaced  Rule = "misplaced"  // outside its shard's hash range
	Uncovered  Rule = "uncovered"  // open shards leave a gap or overlap
	Forgotten  Rule = "forgotten"  // was read before, and is not any more
	Appeared   Rule = "appeared"   // was not there when nobody wrote any more, and is now
)

// Violation is one broken promise.
type Violation struct {
	Rule Rule
	Text string
}

func (v Violation) String() string { return string(v.Rule) + ": " + v.Text }

// maxPerRule bounds the violations that are reported of each rule.
const maxPerRule = 5

// Findings collects violations, a few of each rule.
type Findings struct {
	stream string
	all    []Violation
	count  map[Rule]int
}

// NewFindings returns the findings about something of a name, none yet.
func NewFindings(stream string) *Findings { return &Findings{stream: stream, count: map[Rule]int{}} }

// Add adds a violation.
func (f *Findings) Add(r Rule, format string, args ...any) {
	f.count[r]++
	if f.count[r] <= maxPerRule {
		f.all = append(f.all, Violation{r, f.stream + ": " + fmt.Sprintf(format, args...)})
	}
}

// Result returns all violations.
func (f *Findings) Result() []Violation {
	for r, n := range f.count {
		if n > maxPerRule {
			f.all = append(f.all, Violation{r, fmt.Sprintf("%s: and %d more", f.stream, n-maxPerRule)})
		}
	}
	return f.all
}
