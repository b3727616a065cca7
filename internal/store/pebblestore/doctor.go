package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"

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
// another and parse, that encrypted ones open, and the blobs. It changes nothing
// but stray temporary files of blobs, which it removes. progress is told from time to time. The error says why it could not look on.
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
	return d.Checked, errors.Join(d.partitions(), d.logs(), d.blobs())
}

// stopped reports damage beyond which nothing can be read.
func (d *doctor) stopped(where string, err error) error {
	if errors.Is(err, store.ErrCorrupt) || pebble.IsCorruptionError(err) || errors.Is(err, ErrNewerFormat) {
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

// partitions reads every row of every partition.
func (d *doctor) partitions() error {
	it, err := d.s.iterNames(kindPartitionName, "")
	if err != nil {
		return err
	}
	names, err := collectNames(it, func(string) bool { return true })
	if err != nil {
		return d.stopped("names of partitions", err)
	}
	for _, name := range names {
		d.Partitions++
		err := d.s.Partition(name).View(d.ctx, func(r store.Reader) error {
			for kv, err := range r.Scan(nil, nil) {
				if err != nil {
					return err
				}
				d.Rows++
				d.Bytes += int64(len(kv.Key) + len(kv.Value))
			}
			return nil
		})
		if err != nil {
			if err := d.stopped("partition "+name, err); err != nil {
				return err
			}
		}
		d.progress(d.Checked)
	}
	return nil
}

// logs reads every record of every log.
func (d *doctor) logs() error {
	names, err := d.s.logNames("")
	if err != nil {
		return d.stopped("names of logs", err)
	}
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
		if err := d.log(l, page); err != nil {
			return err
		}
	}
	return nil
}

// log reads the records of a log, past what is damaged.
func (d *doctor) log(l store.Log, page *store.Page) error {
	state := l.State()
	for at := state.First; at < state.Next; {
		page.Reset()
		err := l.Read(d.ctx, at, store.Limit{Bytes: 4 << 20}, page)
		switch {
		case err == nil:
			at = page.Next
		case errors.Is(err, store.ErrCorrupt):
			d.report(Finding{fmt.Sprintf("log %s, position %d", l.Name(), at), err.Error()})
			at++
			if k, ok := d.s.blockAfter(l, at, state.Next); ok {
				at = k
			} else {
				at = state.Next
			}
		default:
			return err
		}
		d.Records += int64(len(page.Records))
		d.Bytes += int64(len(page.Buffer))
		d.progress(d.Checked)
	}
	return nil
}

// blockAfter returns where the first block begins at or after a position, by the
// keys alone.
func (s *Store) blockAfter(l store.Log, at, next store.Position) (store.Position, bool) {
	in := l.(*log)
	it, err := in.iterator(next)
	if err != nil {
		return 0, false
	}
	defer it.Close()
	if !it.SeekGE(appendPosition(nil, in.id, at)) {
		return 0, false
	}
	k, err := parseBlockKey(it.Key())
	return k.first, err == nil
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
