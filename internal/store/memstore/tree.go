package memstore

import (
	"bytes"
	"math/rand/v2"

	"github.com/millrace/millrace/internal/store"
)

// tree is an ordered map that is never modified: each change returns a new tree
// that shares what it can with the old one. It is a treap, a search tree that is
// kept shallow by random priorities, ordered as a heap. nil is the empty tree.
type tree struct {
	key, value  []byte
	priority    uint64
	left, right *tree
}

func (t *tree) get(key []byte) (value []byte, ok bool) {
	for t != nil {
		switch c := bytes.Compare(key, t.key); {
		case c < 0:
			t = t.left
		case c > 0:
			t = t.right
		default:
			return t.value, true
		}
	}
	return nil, false
}

func (t *tree) set(key, value []byte) *tree {
	if t == nil {
		return &tree{key: key, value: value, priority: rand.Uint64()}
	}
	n := *t
	switch c := bytes.Compare(key, t.key); {
	case c < 0:
		l := t.left.set(key, value)
		if l.priority > n.priority { // l is new: it can be turned in place
			n.left, l.right = l.right, &n
			return l
		}
		n.left = l
	case c > 0:
		r := t.right.set(key, value)
		if r.priority > n.priority {
			n.right, r.left = r.left, &n
			return r
		}
		n.right = r
	default:
		n.value = value
	}
	return &n
}

// deleteRange removes the keys in [from, to); a nil to means the end.
func (t *tree) deleteRange(from, to []byte) *tree {
	if to != nil && bytes.Compare(from, to) >= 0 {
		return t
	}
	low, rest := t.split(from)
	if to == nil {
		return low
	}
	_, high := rest.split(to)
	return merge(low, high)
}

// split returns the keys before key and those from key on.
func (t *tree) split(key []byte) (low, high *tree) {
	if t == nil {
		return nil, nil
	}
	n := *t
	if bytes.Compare(t.key, key) < 0 {
		n.right, high = t.right.split(key)
		return &n, high
	}
	low, n.left = t.left.split(key)
	return low, &n
}

// merge joins two trees, where all keys of low are before those of high.
func merge(low, high *tree) *tree {
	switch {
	case low == nil:
		return high
	case high == nil:
		return low
	case low.priority > high.priority:
		n := *low
		n.right = merge(low.right, high)
		return &n
	default:
		n := *high
		n.left = merge(low, high.left)
		return &n
	}
}

// ascend yields the keys in [from, to) in order until yield returns false, and
// reports whether it never did.
func (t *tree) ascend(from, to []byte, yield func(store.KeyValue, error) bool) bool {
	if t == nil {
		return true
	}
	notBefore, notAfter := t.within(from, to)
	if notBefore && !t.left.ascend(from, to, yield) {
		return false
	}
	if notBefore && notAfter && !yield(store.KeyValue{Key: t.key, Value: t.value}, nil) {
		return false
	}
	return !notAfter || t.right.ascend(from, to, yield)
}

// descend is ascend from the end.
func (t *tree) descend(from, to []byte, yield func(store.KeyValue, error) bool) bool {
	if t == nil {
		return true
	}
	notBefore, notAfter := t.within(from, to)
	if notAfter && !t.right.descend(from, to, yield) {
		return false
	}
	if notBefore && notAfter && !yield(store.KeyValue{Key: t.key, Value: t.value}, nil) {
		return false
	}
	return !notBefore || t.left.descend(from, to, yield)
}

func (t *tree) within(from, to []byte) (notBefore, notAfter bool) {
	return bytes.Compare(t.key, from) >= 0, to == nil || bytes.Compare(t.key, to) < 0
}
