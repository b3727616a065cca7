package pebblestore

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/millrace/millrace/internal/store"
)

// findTip returns the end of a log: that of its last block, or what its row
// remembers where there is none since. errGap tells that blocks are missing.
func (s *Store) findTip(row logRow) (tip, error) {
	if row.sealed {
		return row.tip, nil
	}
	prefix := appendID(nil, kindBlock, row.id)
	it, err := s.newIter(pebble.IterOptions{LowerBound: prefix, UpperBound: prefixEnd(prefix)})
	if err != nil {
		return tip{}, err
	}
	defer it.Close()
	if !it.Last() {
		if err := it.Error(); err != nil {
			return tip{}, err
		}
		begins := row.swept
		if n := len(row.ended); n > 0 {
			begins = max(begins, row.ended[n-1].end)
		}
		if begins < row.tip.next {
			return tip{}, errGap
		}
		return row.tip, nil
	}
	k, err := parseBlockKey(it.Key())
	if err != nil {
		return tip{}, err
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return tip{}, err
	}
	if k.end() < row.tip.next {
		return tip{}, errGap
	}
	return tip{next: k.end(), stamp: k.stamp, bytes: k.before + uint64(len(value))}, nil
}

// goOn lets a log go on whose end is damaged, so that nobody knows how far it
// went. Every record takes at least a byte, and none since the row was written
// was removed: the log held fewer since then than the database, which is not
// compressed, has bytes. It goes
// on after as many, under an id of its own, and reads of what lies between tell
// of the damage. The name's stripe is held. A store that is opened to be looked
// at writes nothing.
func (s *Store) goOn(name string, row logRow, cause error) (logRow, error) {
	stamp := max(row.tip.stamp, s.clock.Now().UnixMilli(), s.storedClock())
	prefix := appendID(nil, kindBlock, row.id)
	// An estimate that may fail over the same damage; it only serves Size.
	held, _ := s.db.EstimateDiskUsage(prefix, prefixEnd(prefix))
	from := row.tip.next
	row.tip = tip{
		next:  from + store.Position(s.db.Metrics().DiskSpaceUsage()) + 1,
		stamp: stamp,
		bytes: max(row.tip.bytes, row.base+held),
	}
	row.ended = append(row.ended, part{id: row.id, end: row.tip.next, stamp: stamp})
	row.id = s.newID()
	err := fmt.Errorf("the end of log %s: %w%s: it goes on at position %d, and what was after its last intact block, not before position %d, is lost",
		name, store.ErrCorrupt, fileOf(cause), row.tip.next, from)
	s.damaged(name+"@end", err, cause)
	if s.committer == nil {
		return row, nil
	}
	b := s.db.NewBatch()
	mustSet(b, nameKey(kindLogName, name), row.encode())
	if err := s.commit(b); err != nil {
		return row, err
	}
	return row, b.Close()
}

// storedClock returns the time that was stored last, ms: no record is stamped
// much later.
func (s *Store) storedClock() int64 {
	row, err := s.get(metaClock)
	if err != nil || len(row) < 9 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(row[1:]))
}
