package pebblestore

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// stretch is where the blocks of a run of positions lie.
type stretch struct {
	id    uint64
	first store.Position
	end   store.Position // where the next stretch begins; of the last one, unbounded
}

// stretchAt returns the stretch that holds a position.
func (l *log) stretchAt(at store.Position) stretch {
	first := store.Position(0)
	for _, p := range l.parts {
		if at < p.end {
			return stretch{p.id, first, p.end}
		}
		first = p.end
	}
	return stretch{l.id, first, ^store.Position(0)}
}

// ids returns the ids under which the log has blocks.
func (l *log) ids() []uint64 {
	ids := make([]uint64, 0, len(l.parts)+1)
	for _, p := range l.parts {
		ids = append(ids, p.id)
	}
	return append(ids, l.id)
}

// cursor looks for blocks in one stretch of a log. A block that is damaged fails
// the searches that end in it, and hides which key comes next to it: searches
// forward, which look at no other block than the one they find, come first.
type cursor struct {
	stretch
	it    *pebble.Iterator
	bound [idPrefixLen + 8]byte
}

// cursor returns a cursor over the stretch that holds from, up to next.
func (l *log) cursor(from, next store.Position) (*cursor, error) {
	c := &cursor{stretch: l.stretchAt(from)}
	c.end = min(c.end, next)
	var err error
	c.it, err = l.s.newIter(pebble.IterOptions{
		LowerBound: appendID(make([]byte, 0, idPrefixLen), kindBlock, c.id),
		UpperBound: appendPosition(make([]byte, 0, idPrefixLen+8), c.id, c.end),
	})
	return c, err
}

func (c *cursor) close() { _ = c.it.Close() } // its errors were met by the searches

// errGap tells that the block which should hold a position is not there.
var errGap = errors.New("no block holds the position")

// from moves to the first block that starts at or after a position.
func (c *cursor) from(at store.Position) (k blockKey, found bool, err error) {
	if !c.it.SeekGE(appendPosition(c.bound[:0], c.id, at)) {
		return blockKey{}, false, c.it.Error()
	}
	k, err = parseBlockKey(c.it.Key())
	return k, err == nil, err
}

// locate moves to the block that holds a position.
func (c *cursor) locate(at store.Position) (blockKey, error) {
	k, found, missed := c.from(at)
	if found && k.first == at {
		return k, nil
	}
	if missed != nil && !isDamage(missed) {
		return blockKey{}, missed
	}
	if c.it.SeekLT(appendPosition(c.bound[:0], c.id, at+1)) {
		k, err := parseBlockKey(c.it.Key())
		if err == nil && k.end() <= at {
			err = missed
			if err == nil {
				err = errGap
			}
		}
		return k, err
	}
	err := c.it.Error()
	switch {
	case err == nil && missed == nil:
		return blockKey{}, errGap
	case err == nil:
		return blockKey{}, missed
	case missed != nil || !isDamage(err):
		return blockKey{}, err
	}
	// A search backward fails, too, where only what lies before the block is damaged.
	return c.locateForward(at, err)
}

// locateForward finds the block that holds a position by searches forward alone,
// where that is intact: one that starts within it finds the block after it, and
// one that starts before it the damage, which it returns.
func (c *cursor) locateForward(at store.Position, met error) (blockKey, error) {
	beyond := at // a search from here finds what follows
	for step := store.Position(1); beyond > c.first; step *= 2 {
		probe := max(beyond, c.first+step) - step
		k, err := c.covers(probe, at)
		if err == nil {
			return k, nil
		}
		if !isDamage(err) {
			return blockKey{}, err
		}
		if err != errGap {
			// The block's start, if any, lies between the two.
			for low := probe + 1; low < beyond; {
				mid := low + (beyond-low)/2
				k, err := c.covers(mid, at)
				switch {
				case err == nil:
					return k, nil
				case err == errGap:
					beyond = mid
				case isDamage(err):
					low = mid + 1
				default:
					return blockKey{}, err
				}
			}
			break
		}
		beyond = probe
	}
	return blockKey{}, met
}

// covers moves to the first block that starts at or after from, if it holds at;
// errGap tells that it lies after it.
func (c *cursor) covers(from, at store.Position) (blockKey, error) {
	k, found, err := c.from(from)
	switch {
	case err != nil:
		return k, err
	case !found || k.first > at:
		return k, errGap
	case k.end() <= at:
		return k, store.ErrCorrupt // before the damage
	}
	return k, nil
}

// beyond moves to the first block after damage that was met in a search from a
// position.
func (c *cursor) beyond(at store.Position) (blockKey, bool, error) {
	damaged := at
	for step := store.Position(1); ; step *= 2 {
		probe := damaged + step
		if probe >= c.end {
			probe = c.end // nothing starts there
		}
		k, found, err := c.from(probe)
		if err != nil && !isDamage(err) {
			return k, false, err
		}
		if err != nil && probe < c.end {
			damaged = probe
			continue
		}
		// Blocks may start between the last search that failed and this one.
		clear := probe
		for damaged+1 < clear {
			mid := damaged + (clear-damaged)/2
			between, ok, err := c.from(mid)
			switch {
			case isDamage(err):
				damaged = mid
			case err != nil:
				return between, false, err
			default:
				clear, k, found = mid, between, ok
			}
		}
		return k, found, nil
	}
}

// following moves to the next block, which must start at a position.
func (c *cursor) following(at store.Position) (blockKey, error) {
	if !c.it.Next() {
		err := c.it.Error()
		if err == nil {
			err = errGap
		}
		return blockKey{}, err
	}
	k, err := parseBlockKey(c.it.Key())
	if err == nil && k.first != at {
		err = errGap
	}
	return k, err
}

// blockAt returns the key of the block that holds a position before next.
func (l *log) blockAt(at, next store.Position) (blockKey, error) {
	c, err := l.cursor(at, next)
	if err != nil {
		return blockKey{}, err
	}
	defer c.close()
	k, err := c.locate(at)
	if isDamage(err) {
		err = errors.Join(store.ErrCorrupt, err)
	}
	return k, err
}
