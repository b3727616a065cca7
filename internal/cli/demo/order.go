package demo

// maxKeys is how many keys the order is checked for at most; 32 bytes each.
const maxKeys = 2 << 20

// order holds the last line of each key, by the key's hash: an open-addressed
// table. Past its limit it halves the keys that it looks at, by their hashes,
// until they fit. It is not safe for concurrent use.
type order struct {
	slots []slot // a power of two of them
	keys  int
	limit int
	skip  uint // only keys whose hash ends in as many zeros are looked at
}

type slot struct{ hash, line uint64 } // line 0: empty

func newOrder(limit int) *order { return &order{slots: make([]slot, 1024), limit: limit} }

// pass notes that a line of a key arrived, and returns the key's highest line
// before it, 0 where there is none or the key is not looked at.
func (o *order) pass(hash, line uint64) (last uint64) {
	if hash&(1<<o.skip-1) != 0 {
		return 0
	}
	s := o.find(hash)
	if s.line == 0 {
		*s = slot{hash, line}
		if o.keys++; o.keys > len(o.slots)/2 {
			o.grow()
		}
		return 0
	}
	last = s.line
	s.line = max(last, line)
	return last
}

// find returns the slot of a key, or the empty one where it belongs.
func (o *order) find(hash uint64) *slot {
	mask := uint64(len(o.slots) - 1)
	// The low bits are alike once keys are skipped; the high ones are not.
	for i := hash >> 32 & mask; ; i = (i + 1) & mask {
		if s := &o.slots[i]; s.line == 0 || s.hash == hash {
			return s
		}
	}
}

// grow makes room: more of it up to the limit, by looking at fewer keys then.
func (o *order) grow() {
	old := o.slots
	if o.keys >= o.limit {
		o.skip++
		o.slots = make([]slot, len(old))
	} else {
		o.slots = make([]slot, 2*len(old))
	}
	o.keys = 0
	for _, s := range old {
		if s.line != 0 && s.hash&(1<<o.skip-1) == 0 {
			*o.find(s.hash) = s
			o.keys++
		}
	}
}
