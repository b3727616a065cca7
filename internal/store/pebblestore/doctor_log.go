package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace/millrace/internal/store"
)

// logs reads every record of every log.
func (d *doctor) logs() error {
	names, err := d.catalogue(kindLogName, "names of logs")
	if err != nil {
		return err
	}
	var ids []uint64
	page := new(store.Page)
	for _, name := range names {
		d.Logs++
		l, err := d.s.OpenLog(d.ctx, name)
		if err != nil {
			if err := d.stopped("log "+name, err); err != nil {
				return err
			}
			continue
		}
		ids = append(ids, l.(*log).ids()...)
		if err := d.log(l, page); err != nil {
			return err
		}
	}
	return d.orphans(kindBlock, ids, "log")
}

// log reads the records of a log, past what is damaged.
func (d *doctor) log(l store.Log, page *store.Page) error {
	state := l.State()
	for at := state.First; at < state.Next; {
		page.Reset()
		err := l.Read(d.ctx, at, store.Limit{Bytes: 4 << 20}, page)
		if damage, ok := errors.AsType[*store.DamageError](err); ok {
			d.report(Finding{fmt.Sprintf("log %s, positions %d to %d", l.Name(), at, damage.Next-1), err.Error()})
			at = damage.Next
		} else if err != nil {
			return err
		} else {
			at = page.Next
		}
		d.Records += int64(len(page.Records))
		d.Bytes += int64(len(page.Buffer))
		d.progress(d.Checked)
	}
	return nil
}

// orphans reports what lies under an id that no name has that could be read.
func (d *doctor) orphans(kind byte, ids []uint64, what string) error {
	slices.Sort(ids)
	for at := uint64(0); ; at++ {
		id, found, err := d.nextID(kind, at)
		if err != nil {
			if err := d.stopped(fmt.Sprintf("first rows of the %s with id %d, or of one that follows", what, at), err); err != nil {
				return err
			}
			// What lies before the next known id, or in it, cannot be told apart.
			i, _ := slices.BinarySearch(ids, at)
			if i == len(ids) {
				return nil
			}
			at = ids[i]
			continue
		}
		if !found {
			return nil
		}
		if _, known := slices.BinarySearch(ids, id); !known {
			d.report(Finding{fmt.Sprintf("%s with id %d", what, id), "rows that belong to no name that can be read"})
		}
		at = id
	}
}

// nextID returns the first id at or after one under which there are rows.
func (d *doctor) nextID(kind byte, at uint64) (id uint64, found bool, err error) {
	lower := appendID(nil, kind, at)
	if kind == kindBlock {
		// As in cursor.from: a position follows, whose first byte is 0.
		lower = append(lower, 0)
	}
	it, err := d.s.newIter(pebble.IterOptions{LowerBound: lower, UpperBound: []byte{kind + 1}})
	if err != nil {
		return 0, false, err
	}
	defer it.Close()
	if !it.First() {
		return 0, false, it.Error()
	}
	var b [idPrefixLen - 1]byte
	copy(b[:], it.Key()[1:]) // a key that is cut is of no name either
	return max(binary.BigEndian.Uint64(b[:]), at), true, nil
}

// strangers reports rows of kinds that this release does not know.
func (d *doctor) strangers() error {
	for _, bounds := range [][2]byte{{0, kindMeta}, {kindLogName + 1, kindPartition}, {kindPartition + 1, kindBlock}, {kindBlock + 1, 0xff}} {
		it, err := d.s.newIter(pebble.IterOptions{LowerBound: bounds[:1], UpperBound: bounds[1:]})
		if err != nil {
			return err
		}
		if it.First() {
			d.report(Finding{fmt.Sprintf("key %x", it.Key()), "a row of no known kind"})
		}
		err = it.Error()
		_ = it.Close()
		if err != nil && !isDamage(err) { // damage beside them is told of where it belongs
			return err
		}
	}
	return nil
}
