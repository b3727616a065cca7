package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"iter"
	"strings"

	"github.com/millrace/millrace/internal/store"
)

// Finding is one thing that Doctor found wrong.
type Finding struct {
	Where   string `json:"where"`   // a file, or a log and positions, or a partition and key
	Problem string `json:"problem"` // what is wrong
}

// Checked counts what Doctor looked at.
type Checked struct {
	Logs       int   `json:"logs"`
	Records    int64 `json:"records"`
	Bytes      int64 `json:"bytes"` // of blocks, rows and blobs
	Partitions int   `json:"partitions"`
	Rows       int64 `json:"rows"`
	Blobs      int   `json:"blobs"`
}

// Doctor reads all of a data directory that no server holds, and reports what is
// damaged: the format, the manifest, the write-ahead log, every row and block with
// the checksums of the tables that hold them, that the logs' blocks follow one
// another up to the end that is known and parse, that encrypted ones open, that
// everything belongs to a name, and the blobs. It looks on beyond what is damaged,
// and changes nothing but stray temporary files of blobs, which it removes.
// progress is told from time to time. The error says why it could not look on.
func Doctor(ctx context.Context, o Options, report func(Finding), progress func(Checked)) (Checked, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Checked{}, err
	}
	d := doctor{ctx: ctx, report: report, progress: progress}
	if _, err := o.FS.Stat(o.FS.PathJoin(o.Dir, formatName)); err != nil {
		return d.Checked, fmt.Errorf("%s is no data directory: %w", o.Dir, err)
	}
	if err := checkFormat(o.FS, o.Dir); err != nil {
		return d.Checked, d.stopped(o.FS.PathJoin(o.Dir, formatName), err)
	}
	if err := checkManifest(o.FS, o.FS.PathJoin(o.Dir, "pebble")); err != nil {
		return d.Checked, d.stopped(o.FS.PathJoin(o.Dir, "pebble"), err)
	}
	if d.s, err = openReadOnly(o); err != nil {
		return d.Checked, d.stopped(o.Dir, err)
	}
	defer d.s.db.Close()
	return d.Checked, errors.Join(d.meta(), d.partitions(), d.logs(), d.strangers(), d.blobs())
}

// stopped reports damage beyond which nothing can be read. A table that is not
// there, or is not of its size, is some, though Pebble does not call it that.
func (d *doctor) stopped(where string, err error) error {
	if isDamage(err) || errors.Is(err, ErrNewerFormat) || errors.Is(err, iofs.ErrNotExist) || strings.Contains(err.Error(), "object size mismatch") {
		d.report(Finding{where, err.Error()})
		return nil
	}
	return err
}

type doctor struct {
	ctx      context.Context
	s        *Store
	report   func(Finding)
	progress func(Checked)
	Checked
}

// catalogue returns the names under which a kind of thing is kept. Where a part
// of them cannot be read, those before and behind it are returned.
func (d *doctor) catalogue(kind byte, what string) ([]string, error) {
	it, err := d.s.iterNames(kind, "")
	if err != nil {
		return nil, err
	}
	names, damaged := collectNames(it, func(string) bool { return true })
	if !isDamage(damaged) {
		return names, damaged
	}
	if it, err = d.s.iterNames(kind, ""); err != nil {
		return nil, err
	}
	defer it.Close()
	before := len(names)
	for ok := it.Last(); ok; ok = it.Prev() {
		name := string(it.Key()[1:])
		if before > 0 && name == names[before-1] {
			break
		}
		names = append(names, name)
	}
	if err := it.Error(); err != nil && !isDamage(err) {
		return nil, err
	}
	return names, d.stopped(what, damaged)
}

// meta checks the facts of the store.
func (d *doctor) meta() error {
	for _, key := range [][]byte{metaStarts, metaClock} {
		value, err := d.s.get(key)
		if err == nil && (len(value) < 9 || value[0] != rowVersion) {
			err = fmt.Errorf("%w: %w", errBadRow, store.ErrCorrupt)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			if err := d.stopped(fmt.Sprintf("row %q", key[1:]), err); err != nil {
				return err
			}
		}
	}
	return nil
}

// partitions reads every row of every partition.
func (d *doctor) partitions() error {
	names, err := d.catalogue(kindPartitionName, "names of partitions")
	if err != nil {
		return err
	}
	var ids []uint64
	for _, name := range names {
		d.Partitions++
		id, err := d.partition(name)
		if err != nil {
			if err := d.stopped("partition "+name, err); err != nil {
				return err
			}
		}
		ids = append(ids, id)
		d.progress(d.Checked)
	}
	return d.orphans(kindPartition, ids, "partition")
}

// partition reads a partition's rows, from both ends where damage lies between,
// and returns its id.
func (d *doctor) partition(name string) (uint64, error) {
	value, err := d.s.get(nameKey(kindPartitionName, name))
	if err != nil {
		return 0, err
	}
	id, err := parseNumber(value)
	if err != nil {
		return 0, fmt.Errorf("row of the partition: %w: %w", err, store.ErrCorrupt)
	}
	return id, d.s.Partition(name).View(d.ctx, func(r store.Reader) error {
		last, damaged := d.rows(r.Scan(nil, nil), nil)
		if !isDamage(damaged) {
			return damaged
		}
		if _, err := d.rows(r.ScanReverse(nil, nil), last); err != nil && !isDamage(err) {
			return err
		}
		return damaged
	})
}

// rows reads rows up to the one with the key until, if it is not nil, and returns
// the key of the last one.
func (d *doctor) rows(rows iter.Seq2[store.KeyValue, error], until []byte) (last []byte, err error) {
	for kv, err := range rows {
		if err != nil {
			return last, err
		}
		if until != nil && bytes.Equal(kv.Key, until) {
			return last, nil
		}
		d.Rows++
		d.Bytes += int64(len(kv.Key) + len(kv.Value))
		last = append(last[:0], kv.Key...)
	}
	return last, nil
}

// blobs reads every blob.
func (d *doctor) blobs() error {
	ids, err := d.s.blobs.List(d.ctx)
	if err != nil {
		return d.stopped("blobs", err)
	}
	for _, id := range ids {
		d.Blobs++
		r, err := d.s.blobs.Open(d.ctx, id)
		if err == nil {
			var n int64
			n, err = io.Copy(io.Discard, io.NewSectionReader(r, 0, r.Size()))
			d.Bytes += n
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			if err := d.stopped("blob "+id, err); err != nil {
				return err
			}
		}
		d.progress(d.Checked)
	}
	return nil
}
