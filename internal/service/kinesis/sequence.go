package kinesis

import (
	"errors"
	"math/bits"
	"time"

	"github.com/millrace/millrace/internal/store"
)

// A sequence number is a 186-bit integer in decimal, laid out as AWS's version 2
// (reference kinesis-streams §5.3), from the most significant bits:
//
//	 4 bits  constant 2
//	36 bits  creation of the shard, Unix seconds
//	 4 bits  low nibble of the shard's index
//	64 bits  an index: 0 for the shard itself, one more than the position in the
//	         shard's log for a record
//	 8 bits  0; 1 in a number that marks the point after a record
//	36 bits  the record's arrival, Unix seconds
//	32 bits  the shard's index
//	 4 bits  version 2
//
// The index decides the order within a shard; the creation, which grows from
// parent to child, the order between a shard and its children. The arrival does
// not decide anything.

// sequence is a sequence number taken apart.
type sequence struct {
	created int64 // of the shard, Unix seconds
	shard   uint32
	index   uint64
	// after means the point between this index and the next one. A subscription
	// goes on from such a number without loss or repetition, be it given as AT_ or
	// as AFTER_SEQUENCE_NUMBER.
	after   bool
	arrival int64 // Unix seconds
}

// closedIndex is the index inside the ending number of a closed shard.
const closedIndex = 1<<63 - 1

const (
	sequenceVersion = 2
	max36           = 1<<36 - 1
)

var errSequence = errors.New("not a sequence number")

// limbs is a 192-bit integer, least significant limb first.
type limbs [3]uint64

func (s sequence) limbs() limbs {
	created, arrival, index := uint64(s.created)&max36, uint64(s.arrival)&max36, s.index
	mark := uint64(0)
	if s.after {
		mark = 1
	}
	return limbs{
		sequenceVersion | uint64(s.shard)<<4 | arrival<<36,
		arrival>>28 | mark<<8 | index<<16,
		index>>48 | uint64(s.shard&15)<<16 | created<<20 | 2<<56,
	}
}

// String returns the number in decimal.
func (s sequence) String() string {
	return string(newSequencer(s).appendTo(make([]byte, 0, sequenceDigits)))
}

// parseSequence reads a decimal number of this layout. Anything else, the
// versions 0 and 1 of old AWS data too, is errSequence.
func parseSequence(text string) (sequence, error) {
	if text == "" || len(text) > 58 || len(text) > 1 && text[0] == '0' {
		return sequence{}, errSequence
	}
	var n limbs
	for i := range len(text) {
		d := uint64(text[i] - '0')
		if d > 9 {
			return sequence{}, errSequence
		}
		for j := range n {
			hi, lo := bits.Mul64(n[j], 10)
			var c uint64
			n[j], c = bits.Add64(lo, d, 0)
			d = hi + c
		}
		if d != 0 {
			return sequence{}, errSequence
		}
	}
	s := sequence{
		created: int64(n[2] >> 20 & max36),
		shard:   uint32(n[0] >> 4),
		index:   n[1]>>16 | n[2]<<48,
		after:   n[1]>>8&1 == 1,
		arrival: int64(n[0]>>36 | n[1]<<28&max36),
	}
	// Writing it again proves the constants and the repeated nibble.
	if s.index > closedIndex || s.limbs() != n {
		return sequence{}, errSequence
	}
	return s, nil
}

// sequenceDigits is the length of every number of this layout.
const sequenceDigits = 56

// sequencer writes consecutive numbers of one shard. Adding one to the index
// adds 2^80 to the number, which in decimal limbs costs three additions where a
// conversion from binary would cost nine divisions.
type sequencer struct{ lo, mid, hi uint64 } // base 10^19

const e19 = 10_000_000_000_000_000_000

func newSequencer(s sequence) sequencer {
	n := s.limbs()
	var digits [3]uint64
	for i := range digits {
		var rest uint64
		for j := len(n) - 1; j >= 0; j-- {
			n[j], rest = bits.Div64(rest, n[j], e19)
		}
		digits[i] = rest
	}
	return sequencer{digits[0], digits[1], digits[2]}
}

// next moves to the following index.
func (q *sequencer) next() {
	// 2^80 = 120892 * 10^19 + 5819614629174706176
	const high, low = 120892, 5819614629174706176
	carry := uint64(0)
	if q.lo >= e19-low {
		q.lo -= e19 - low
		carry = 1
	} else {
		q.lo += low
	}
	if q.mid += high + carry; q.mid >= e19 {
		q.mid -= e19
		q.hi++
	}
}

// appendTo appends the number in decimal.
func (q sequencer) appendTo(dst []byte) []byte {
	n := len(dst)
	dst = append(dst, zeros[:]...)
	b := dst[n : n+sequenceDigits]
	putDigits(b[37:], q.lo)
	putDigits(b[18:37], q.mid)
	putDigits(b[:18], q.hi)
	return dst
}

const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" + "40414243444546474849" +
	"50515253545556575859" + "60616263646566676869" + "70717273747576777879" + "80818283848586878889" + "90919293949596979899"

var zeros [sequenceDigits]byte // room for a number; every byte is overwritten

// putDigits fills b with the decimal digits of v, leading zeros included.
func putDigits(b []byte, v uint64) {
	i := len(b)
	for ; i >= 2; i -= 2 {
		q := v / 100
		r := (v - q*100) * 2
		b[i-1], b[i-2] = pairs[r+1], pairs[r]
		v = q
	}
	if i == 1 {
		b[0] = byte('0' + v)
	}
}

// sequenceOf returns the number of a record of a shard.
func (sh *shard) sequenceOf(pos store.Position, stamp time.Time) sequence {
	return sequence{created: sh.Created, shard: sh.Index, index: uint64(pos) + 1, arrival: stamp.Unix()}
}

// before returns the number from which a reader goes on at a position.
func (sh *shard) before(pos store.Position, now time.Time) sequence {
	return sequence{created: sh.Created, shard: sh.Index, index: uint64(pos), after: true, arrival: now.Unix()}
}
