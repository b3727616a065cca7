package pebblestore

import (
	"cmp"
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
	l     *log
	it    *pebble.Iterator
	bound [idPrefixLen + 8 + 1]byte
}

// cursor returns a cursor over the stretch that holds from, up to next.
func (l *log) cursor(from, next store.Position) (*cursor, error) {
	c := &cursor{stretch: l.stretchAt(from), l: l}
	c.end = min(c.end, next)
	var err error
	c.it, err = c.iterator()
	return c, err
}

func (c *cursor) iterator() (*pebble.Iterator, error) {
	return c.l.s.newIter(pebble.IterOptions{
		LowerBound: appendID(make([]byte, 0, idPrefixLen), kindBlock, c.id),
		UpperBound: appendPosition(make([]byte, 0, idPrefixLen+8), c.id, c.end),
	})
}

// failed returns the error of the last search, nil where there was nothing to
// find. An iterator that met damage may tell of it again in a search that does not
// meet it: it is replaced.
func (c *cursor) failed() error {
	err := c.it.Error()
	if err == nil {
		return nil
	}
	it, openErr := c.iterator()
	if openErr != nil {
		return openErr
	}
	c.close()
	c.it = it
	return err
}

func (c *cursor) close() { _ = c.it.Close() } // its errors were met by the searches

// errGap tells that the block which should hold a position is not there.
var errGap = errors.New("no block holds the position")

// from moves to the first block that starts at or after a position.
func (c *cursor) from(at store.Position) (k blockKey, found bool, err error) {
	// The bound itself may be what an index holds as the end of the block before.
	// What follows it in a key is a stamp, whose first byte is 0.
	if !c.it.SeekGE(append(appendPosition(c.bound[:0], c.id, at), 0)) {
		return blockKey{}, false, c.failed()
	}
	k, err = parseBlockKey(c.it.Key())
	return k, err == nil, err
}

// locate moves to the block that holds a position.
func (c *cursor) locate(at store.Position) (blockKey, error) {
	start, known := c.l.startOf(at)
	if !known {
		start = at
	}
	k, found, after := c.from(start)
	if found && k.first == start {
		return k, nil
	}
	if after == nil {
		if c.it.SeekLT(appendPosition(c.bound[:0], c.id, at+1)) {
			k, err := parseBlockKey(c.it.Key())
			if err == nil && k.end() <= at {
				err = errGap
			}
			return k, err
		}
		if err := c.failed(); err == nil {
			return blockKey{}, errGap
		} else if !isDamage(err) {
			return blockKey{}, err
		}
	} else if !isDamage(after) {
		return blockKey{}, after
	}
	// A search from the position fails where damage follows its block, too, and one
	// backward where damage lies before it.
	k, err := c.locateForward(at, after)
	if err == nil {
		c.l.rememberStart(at, k.first)
	}
	return k, err
}

// locateForward finds the block that holds a position by searches forward alone.
// after is the damage that one from the position meets, nil where there is none.
func (c *cursor) locateForward(at store.Position, after error) (blockKey, error) {
	k, before := c.walk(at)
	if before == nil || !isDamage(before) || sameDamage(before, after) {
		return k, before // the damage reaches from before the position to behind it
	}
	// What starts at low or before is damaged, what starts at high lies behind.
	low, high := max(k.end(), c.first), at+1
	for low < high {
		mid := low + (high-low)/2
		k, found, err := c.from(mid)
		switch {
		case err == nil && found && k.first <= at && at < k.end():
			return k, nil
		case err != nil && !isDamage(err):
			return k, err
		case err == nil || sameDamage(err, after):
			high = mid
		default:
			low = mid + 1
		}
	}
	return k, before
}

// walk moves forward to the block that holds a position, from one that can be
// read and lies not far before it. Where damage lies between, that is the error,
// and the last block before it is returned.
func (c *cursor) walk(at store.Position) (k blockKey, err error) {
	for step := store.Position(1); ; step *= 16 {
		start := max(at, c.first+step) - step
		var found bool
		k, found, err = c.from(start)
		if err != nil && !isDamage(err) {
			return k, err
		}
		if found && k.first <= at {
			break
		}
		if start == c.first {
			if err == nil {
				err = errGap
			}
			return blockKey{}, err
		}
	}
	for k.end() <= at {
		next, err := c.following(k.end())
		if err != nil {
			return k, err
		}
		k = next
	}
	return k, nil
}

// sameDamage tells whether two errors are about one damaged place. Pebble's name
// it to the byte.
func sameDamage(a, b error) bool {
	return a != nil && b != nil && a.Error() == b.Error()
}

// beyond moves to the first block after damage that a search from a position met.
func (c *cursor) beyond(at store.Position, met error) (blockKey, bool, error) {
	// The damaged part of a table may reach to what lies behind the log.
	if _, _, err := c.from(c.end); sameDamage(err, met) {
		return blockKey{}, false, nil
	}
	damaged := at
	for step := store.Position(1); ; step *= 2 {
		probe := min(damaged+step, c.end) // nothing starts at the end
		k, found, err := c.from(probe)
		if err != nil && !isDamage(err) {
			return k, false, err
		}
		if err != nil && probe < c.end {
			damaged = probe
			continue
		}
		// Blocks may start between the last search that failed and this one.
		for clear := probe; damaged+1 < clear; {
			mid := damaged + (clear-damaged)/2
			between, ok, err := c.from(mid)
			switch {
			case err == nil:
				clear, k, found = mid, between, ok
			case isDamage(err):
				damaged = mid
			default:
				return between, false, err
			}
		}
		return k, found, nil
	}
}

// following moves to the next block, which must start at a position.
func (c *cursor) following(at store.Position) (blockKey, error) {
	if !c.it.Next() {
		return blockKey{}, cmp.Or(c.failed(), errGap)
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
